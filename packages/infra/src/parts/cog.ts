import { pythonPart } from './python-wheels.js';

/** cog's prediction server, which is in every container of Replicate's; and Pillow, with which its predictor of ours draws. */
export const cogPart = pythonPart({
  name: 'cog',
  version: '0.23.1',
  what: 'a prediction server, wheels from PyPI, about 10 s',
  wheels: [
    'cog==0.23.1',
    'coglet==0.23.1',
    'certifi==2026.10.19.post1',
    'charset-normalizer==3.5.3',
    'idna==3.20',
    'pillow==13.0.0',
    'PyYAML==6.0.4',
    'requests==2.34.2',
    'structlog==26.1.0',
    'typing_extensions==4.16.0',
    'urllib3==2.8.0',
  ],
});
