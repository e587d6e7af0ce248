import '@mantine/core/styles.css'
import './style.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'

const element = document.getElementById('root')
if (element !== null)
  createRoot(element).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
