import { ProblemError } from '@darkroom/platform';
import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CONTROL_PLANE_PORTS, type ControlPlanePorts } from '../ports.js';
import { findOperator, type Operator } from './operator-keys.js';

const operators = new WeakMap<FastifyRequest['raw'], Operator>();

/** Lets operators in, and nobody else. */
@Injectable()
export class OperatorGuard implements CanActivate {
  constructor(@Inject(CONTROL_PLANE_PORTS) private readonly ports: ControlPlanePorts) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const key = /^Bearer ([\w-]{1,255})$/i.exec(request.headers.authorization ?? '')?.[1];
    const operator = key === undefined ? undefined : await findOperator(this.ports.sql, key);
    if (!operator) {
      throw new ProblemError('unauthenticated', 'An operator key is needed: Authorization: Bearer dk_ops_…', {
        headers: { 'www-authenticate': 'Bearer realm="darkroom operators"' },
      });
    }
    operators.set(request.raw, operator);
    return true;
  }
}

/** The operator that the guard let in. */
export const CurrentOperator = createParamDecorator((_data: unknown, context: ExecutionContext): Operator => {
  const operator = operators.get(context.switchToHttp().getRequest<FastifyRequest>().raw);
  if (!operator) throw new Error('a route without OperatorGuard asked for the operator');
  return operator;
});
