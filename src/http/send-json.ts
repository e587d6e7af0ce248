import type { FastifyReply } from 'fastify'
import { compactJson } from '../notebook/compact-json.ts'
import { fromPlain } from '../notebook/json.ts'

/** Answers with JSON in which the parameters of runs are as they were written (1 and 1.0 apart, integers of any size). */
export const sendJson = (
  reply: FastifyReply,
  value: unknown,
  type = 'application/json; charset=utf-8',
): FastifyReply => reply.type(type).send(compactJson(fromPlain(value)))
