import { fileURLToPath } from 'node:url';

/** A service as a process of its own: what it is called, its program, and the setting that names its port. */
export interface ServiceProcess {
  readonly name: string;
  readonly program: string;
  /** Setting of its port; those of health are the launcher's own. */
  readonly portSetting: string;
  /** Answered once it runs. */
  readonly livePath: string;
}

const programOf = (workspace: string): string => fileURLToPath(import.meta.resolve(workspace));
/** A service's program lies beside its index. */
const mainOf = (workspace: string): string => programOf(workspace).replace(/index\.(js|ts)$/, 'main.js');

const service = (name: string, portSetting: string, livePath = '/health/live'): ServiceProcess => ({
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

/** The same service as several processes; the first has the service's name, the others a number with it. */
export const instancesOf = (service: ServiceProcess, instances: number): ServiceProcess[] =>
  Array.from({ length: instances }, (_, n) =>
    n === 0
      ? service
      : {
          ...service,
          name: `${service.name}-${n + 1}`,
          portSetting: `${service.portSetting}_${n + 1}`,
        },
  );
