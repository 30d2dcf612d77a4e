import type { Route } from '@darkroom/provider-accounts';
import { sheetFor } from '@darkroom/providers';
import { Controller, Get, Inject, UseGuards } from '@nestjs/common';
import type { Principal } from '../adapters/key-directory.js';
import { routeWithout } from '../policy/resolve-model.js';
import { IntakeParts } from '../intake-parts.js';
import { Caller, KeyGuard } from './caller.js';

/** What can be asked for. */
export interface ModelResource {
  readonly id: string;
  readonly title: string;
  /** Whether a request that names no model starts with this one. */
  readonly default: boolean;
  readonly limits: {
    readonly min_side: number;
    readonly max_side: number;
    /** Null: any within the sides. */
    readonly sizes: readonly string[] | null;
    /** Each side is a multiple of it. Null: of one. */
    readonly side_step: number | null;
    /** Null: whatever the sides allow. */
    readonly max_pixels: number | null;
    readonly max_count: number;
    readonly max_prompt_length: number;
    readonly output_formats: readonly string[];
  };
  readonly usual_seconds: { readonly p50: number; readonly p95: number };
  readonly price: { readonly currency: string; readonly micros_per_image: string };
}

/** The models that Darkroom speaks to, and the routes over them. */
@Controller('v1/models')
@UseGuards(KeyGuard)
export class ModelsController {
  constructor(@Inject(IntakeParts) private readonly parts: IntakeParts) {}

  @Get()
  list(@Caller() principal: Principal): {
    data: ModelResource[];
    routes: ({ readonly name: string } & Route)[];
  } {
    const { models } = this.parts.config;
    const [first] = routeWithout(principal.defaultRoute, models);
    return {
      data: models.flatMap((id) => modelResource(id, id === first)),
      routes: Object.entries(this.parts.config.routes).map(([name, route]) => ({ name, ...route })),
    };
  }
}

function modelResource(id: string, isDefault: boolean): ModelResource[] {
  const sheet = sheetFor(id);
  if (!sheet) return [];
  const { limits, price, title, usualSeconds } = sheet;
  return [
    {
      id,
      title,
      default: isDefault,
      limits: {
        min_side: limits.minSide,
        max_side: limits.maxSide,
        sizes: limits.sizes ?? null,
        side_step: limits.sideStep ?? null,
        max_pixels: limits.maxPixels ?? null,
        max_count: limits.maxCount,
        max_prompt_length: limits.maxPromptLength,
        output_formats: limits.formats,
      },
      usual_seconds: usualSeconds,
      price: { currency: price.currency, micros_per_image: String(price.microsPerImage) },
    },
  ];
}
