export { type IntakeConfig, intakeDefaults, readIntakeConfig } from './config.js';
export { intakeMigrations } from './migrations.js';
export { type AttemptName, openAttemptToken, sealAttemptToken } from './policy/attempt-token.js';
export { type IntakeOptions, type RunningIntake, startIntake } from './start-intake.js';
