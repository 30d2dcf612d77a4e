import { type DynamicModule, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { KeyGuard } from './http/caller.js';
import { ArtifactsController } from './http/artifacts.controller.js';
import { DemoVendorController } from './http/demo-vendor.controller.js';
import { DocsController } from './http/docs.controller.js';
import { FeedController } from './http/feed.controller.js';
import { GalleryController } from './http/gallery.controller.js';
import { GenerationEventsController } from './http/generation-events.controller.js';
import { GenerationsController } from './http/generations.controller.js';
import { HealthController } from './http/health.controller.js';
import { ModelsController } from './http/models.controller.js';
import { ProviderWebhooksController } from './http/provider-webhooks.controller.js';
import { SessionController } from './http/session.controller.js';
import { StoreErrors } from './http/store-errors.js';
import { IntakeParts } from './intake-parts.js';

/** All wiring of intake. */
@Module({})
export class IntakeModule {
  static with(parts: IntakeParts): DynamicModule {
    return {
      module: IntakeModule,
      imports: [TerminusModule.forRoot({ logger: false, errorLogStyle: 'json' })],
      controllers: [
        GenerationsController,
        GenerationEventsController,
        FeedController,
        ArtifactsController,
        ModelsController,
        SessionController,
        ProviderWebhooksController,
        HealthController,
        DocsController,
        GalleryController,
        ...(parts.demoVendor === undefined ? [] : [DemoVendorController]),
      ],
      providers: [
        KeyGuard,
        { provide: IntakeParts, useValue: parts },
        { provide: APP_INTERCEPTOR, useClass: StoreErrors },
      ],
    };
  }
}
