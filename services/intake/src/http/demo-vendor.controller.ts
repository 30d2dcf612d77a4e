import { ProblemError } from '@darkroom/platform';
import { Body, Controller, Get, Header, HttpCode, Inject, Put, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import type { Principal } from '../adapters/key-directory.js';
import type { DemoVendor, Trouble } from '../demo-vendor.js';
import { IntakeParts } from '../intake-parts.js';
import { checkBody, fieldError } from '../schemas/field-errors.js';
import { Caller, KeyGuard } from './caller.js';

const wishSchema = z.strictObject({ trouble: z.string().max(64) });

interface Troubles {
  readonly data: { readonly troubles: readonly Trouble[]; readonly current: string | null };
}

/**
 * What goes wrong at the demo's vendor. The module has this controller only where the launcher brought a simulator along; to
 * anybody but the demo's own key it is not there either.
 */
@Controller('demo/vendor')
@UseGuards(KeyGuard)
export class DemoVendorController {
  constructor(@Inject(IntakeParts) private readonly parts: IntakeParts) {}

  @Get()
  @Header('cache-control', 'no-store')
  show(@Caller() principal: Principal): Troubles {
    return this.answer(this.vendorFor(principal));
  }

  @Put()
  @HttpCode(200)
  cause(@Caller() principal: Principal, @Body() sent: unknown): Troubles {
    const vendor = this.vendorFor(principal);
    const { trouble } = checkBody(wishSchema, sent);
    if (!vendor.troubles.some(({ id }) => id === trouble))
      throw new ProblemError('invalid_fields', undefined, {
        errors: [fieldError(['trouble'], 'not_allowed')],
      });
    vendor.cause(trouble);
    return this.answer(vendor);
  }

  private vendorFor({ keyId }: Principal): DemoVendor {
    const { demoVendor, demoKeyId } = this.parts;
    if (demoVendor === undefined || keyId !== demoKeyId) throw new ProblemError('not_found');
    return demoVendor;
  }

  private answer(vendor: DemoVendor): Troubles {
    return { data: { troubles: vendor.troubles, current: vendor.current() ?? null } };
  }
}
