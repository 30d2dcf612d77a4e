import { newUuid, ProblemError, traceparentOf } from '@darkroom/platform';
import { allAccounts, loadProviderAccount } from '@darkroom/provider-accounts';
import { Body, Controller, Get, Inject, Param, Patch, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CurrentOperator, OperatorGuard } from '../auth/operator-guard.js';
import type { Operator } from '../auth/operator-keys.js';
import { CONTROL_PLANE_PORTS, type ControlPlanePorts } from '../ports.js';
import { changeAccount } from '../use-cases/change-account.js';
import { type AccountView, accountView } from '../views/account-view.js';
import { staleProblem } from './problems.js';
import { type AccountBody, accountBody } from './schemas.js';

const refusals = {
  nothing_new: 'It is so already.',
  burst_without_rate: 'A burst means nothing without submits_per_second.',
} as const;

/** Provider accounts: how they stand, what they may be asked for. `*` stands for all of them: its pause stops every submit. */
@Controller('ops/v1/providers')
@UseGuards(OperatorGuard)
export class ProvidersController {
  constructor(@Inject(CONTROL_PLANE_PORTS) private readonly ports: ControlPlanePorts) {}

  @Get()
  async list(): Promise<{ readonly data: readonly AccountView[] }> {
    const { accounts, store } = this.ports;
    const loaded = await Promise.all(
      [allAccounts, ...accounts].map((account) => loadProviderAccount(store, account)),
    );
    // What no gateway has registered yet takes nothing either.
    return { data: loaded.flatMap((one) => (one === undefined ? [] : [accountView(one.state)])) };
  }

  @Get(':id')
  async one(@Param('id') id: string): Promise<{ readonly data: AccountView }> {
    const loaded = await loadProviderAccount(this.ports.store, id);
    if (loaded === undefined) throw new ProblemError('not_found');
    return { data: accountView(loaded.state) };
  }

  @Patch(':id')
  async change(
    @Param('id') id: string,
    @Body({ schema: accountBody }) body: AccountBody,
    @CurrentOperator() operator: Operator,
    @Req() request: FastifyRequest,
  ): Promise<{ readonly data: AccountView }> {
    if (id === allAccounts && (body.limits ?? body.policy) !== undefined)
      throw new ProblemError(
        'not_possible_now',
        'All accounts together have no limits and no policy of their own.',
      );
    const { store, now } = this.ports;
    const result = await changeAccount(
      { store, now, newId: newUuid },
      { account: id, operator, body, traceparent: traceparentOf(request) },
    );
    if (result.outcome === 'not-found') throw new ProblemError('not_found');
    if (result.outcome === 'stale') throw staleProblem(result.decisionVersion);
    if (result.outcome === 'refused')
      throw new ProblemError('not_possible_now', refusals[result.reason], {
        errors: [{ pointer: '', code: result.reason, message: refusals[result.reason] }],
      });
    return { data: accountView(result.state) };
  }
}
