import { fileURLToPath } from 'node:url';

/** What names a process's port; those of HEALTH are the launcher's own. */
export type PortSetting =
  | 'INTAKE_PORT'
  | 'CONTROL_PLANE_PORT'
  | 'SIMULATOR_PORT'
  | 'RELAY_HEALTH_PORT'
  | 'PROJECTIONS_HEALTH_PORT'
  | 'ARTIFACT_HEALTH_PORT'
  | 'PROVIDER_GATEWAY_HEALTH_PORT';

/** A service as a process of its own: what it is called, its program, and the setting that names its port. */
export interface ServiceProcess {
  readonly name: string;
  readonly program: string;
  readonly portSetting: PortSetting;
  /** Answered with 200 once it runs. */
  readonly livePath: string;
}

const programOf = (workspace: string): string => fileURLToPath(import.meta.resolve(workspace));
/** A service's program lies beside its index. */
const mainOf = (workspace: string): string => programOf(workspace).replace(/index\.(js|ts)$/, 'main.js');

const service = (name: string, portSetting: PortSetting, livePath = '/health/live'): ServiceProcess => ({
  name,
  program: mainOf(`@darkroom/${name}`),
  portSetting,
  livePath,
});

export const simulatorProcess = service('simulator', 'SIMULATOR_PORT', '/admin/faults');
/** In the order of their start: who is asked comes before who asks. */
export const backgroundProcesses = [
  service('relay', 'RELAY_HEALTH_PORT'),
  service('projections', 'PROJECTIONS_HEALTH_PORT'),
  service('artifact', 'ARTIFACT_HEALTH_PORT'),
  service('provider-gateway', 'PROVIDER_GATEWAY_HEALTH_PORT'),
] as const;
export const controlPlaneProcess = service('control-plane', 'CONTROL_PLANE_PORT');
export const intakeProcess = service('intake', 'INTAKE_PORT');
