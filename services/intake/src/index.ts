export { budgetOf, type IntakeConfig, intakeDefaults, offered, readIntakeConfig } from './config.js';
export type { DemoVendor, Trouble } from './demo-vendor.js';
export { intakeMigrations } from './migrations.js';
export { type IntakeOptions, type RunningIntake, startIntake } from './start-intake.js';
