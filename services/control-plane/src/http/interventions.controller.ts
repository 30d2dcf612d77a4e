import { fromPublicId, newUuid, ProblemError, traceparentOf } from '@darkroom/platform';
import { isJobOfAnother } from '@darkroom/read-models';
import { Body, Controller, HttpCode, Inject, Param, Post, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { CurrentOperator, OperatorGuard } from '../auth/operator-guard.js';
import type { Operator } from '../auth/operator-keys.js';
import { CONTROL_PLANE_PORTS, type ControlPlanePorts } from '../ports.js';
import { intervene } from '../use-cases/intervene.js';
import { type GenerationView, generationView } from '../views/generation-view.js';
import { refusalProblem, staleProblem } from './problems.js';
import { type Intervention, interventionBodies as bodies } from './schemas.js';

type BodyOf<N extends keyof typeof bodies> = z.output<(typeof bodies)[N]>;
type Answer = Promise<{ readonly data: GenerationView }>;

/** Interventions in one generation: each with a reason and the decision version that the operator saw. */
@Controller('ops/v1/generations/:id')
@UseGuards(OperatorGuard)
export class InterventionsController {
  constructor(@Inject(CONTROL_PLANE_PORTS) private readonly ports: ControlPlanePorts) {}

  @Post('retry')
  @HttpCode(202)
  retry(
    @Param('id') id: string,
    @Body({ schema: bodies.retry }) body: BodyOf<'retry'>,
    @CurrentOperator() operator: Operator,
    @Req() request: FastifyRequest,
  ): Answer {
    return this.intervene(id, { action: 'retry', ...body }, operator, request);
  }

  @Post('cancel')
  @HttpCode(202)
  cancel(
    @Param('id') id: string,
    @Body({ schema: bodies.cancel }) body: BodyOf<'cancel'>,
    @CurrentOperator() operator: Operator,
    @Req() request: FastifyRequest,
  ): Answer {
    return this.intervene(id, { action: 'cancel', ...body }, operator, request);
  }

  @Post('fail')
  @HttpCode(202)
  fail(
    @Param('id') id: string,
    @Body({ schema: bodies.fail }) body: BodyOf<'fail'>,
    @CurrentOperator() operator: Operator,
    @Req() request: FastifyRequest,
  ): Answer {
    return this.intervene(id, { action: 'fail', ...body }, operator, request);
  }

  @Post('resolve')
  @HttpCode(202)
  resolve(
    @Param('id') id: string,
    @Body({ schema: bodies.resolve }) body: BodyOf<'resolve'>,
    @CurrentOperator() operator: Operator,
    @Req() request: FastifyRequest,
  ): Answer {
    return this.intervene(id, { action: 'resolve', ...body }, operator, request);
  }

  @Post('adopt')
  @HttpCode(202)
  adopt(
    @Param('id') id: string,
    @Body({ schema: bodies.adopt }) body: BodyOf<'adopt'>,
    @CurrentOperator() operator: Operator,
    @Req() request: FastifyRequest,
  ): Answer {
    return this.intervene(id, { action: 'adopt', ...body }, operator, request);
  }

  @Post('extend')
  @HttpCode(202)
  extend(
    @Param('id') id: string,
    @Body({ schema: bodies.extend }) body: BodyOf<'extend'>,
    @CurrentOperator() operator: Operator,
    @Req() request: FastifyRequest,
  ): Answer {
    return this.intervene(id, { action: 'extend', ...body }, operator, request);
  }

  private async intervene(
    id: string,
    intervention: Intervention,
    operator: Operator,
    request: FastifyRequest,
  ): Promise<{ readonly data: GenerationView }> {
    const generation = fromPublicId('gen', id);
    if (generation === undefined) throw new ProblemError('not_found');
    const { store, sql, now, traceUrl } = this.ports;
    const result = await intervene(
      { store, now, newId: newUuid, isJobOfAnother: (job) => isJobOfAnother(sql, job) },
      { generation, operator, intervention, traceparent: traceparentOf(request) },
    );
    if (result.outcome === 'not-found') throw new ProblemError('not_found');
    if (result.outcome === 'stale') throw staleProblem(result.decisionVersion);
    if (result.outcome === 'refused') throw refusalProblem(result.reason);
    return { data: generationView(result.detail, result.events, { now: now(), traceUrl }) };
  }
}
