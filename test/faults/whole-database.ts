import { artifactMigrations } from '@darkroom/artifact';
import { controlPlaneMigrations } from '@darkroom/control-plane';
import { busMigrations } from '@darkroom/event-bus';
import { createTestDatabase, type TestDatabase } from '@darkroom/event-store/testing';
import { intakeMigrations } from '@darkroom/intake';
import { providerGatewayMigrations } from '@darkroom/provider-gateway';
import { readModelMigrations } from '@darkroom/read-models';

/** A database with the schemas of all services. */
export async function createWholeDatabase(): Promise<TestDatabase> {
  return createTestDatabase({
    migrations: [
      busMigrations,
      readModelMigrations,
      intakeMigrations,
      ...providerGatewayMigrations,
      artifactMigrations,
      controlPlaneMigrations,
    ],
  });
}
