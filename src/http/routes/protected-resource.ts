import type { FastifyInstance } from 'fastify'
import type { DeviceIssuer } from '../../identity/device-client.ts'
import type { Services } from '../services.ts'

/**
 * `GET /.well-known/oauth-protected-resource`: where programs get their tokens (RFC 9728), and under which name a command
 * asks for one by the device flow (`device_client_id`, which that document has no member for).
 */
export function protectedResourceRoute(
  app: FastifyInstance,
  { publicUrl }: Services,
  device: DeviceIssuer,
): void {
  app.get('/.well-known/oauth-protected-resource', async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({
      resource: publicUrl(),
      resource_name: 'Notebook Runner',
      authorization_servers: [device.issuer],
      scopes_supported: device.scope.split(' '),
      bearer_methods_supported: ['header'],
      device_client_id: device.clientId,
    }),
  )
}
