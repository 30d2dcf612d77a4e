import { pythonPart } from './python-wheels.js';

/** Comfy's own proxy, which speaks Comfy API v2 in front of a ComfyUI. */
export const comfyProxyPart = pythonPart({
  name: 'comfy-proxy',
  version: '0.1.6',
  what: 'Comfy API v2 in front of a ComfyUI, wheels from PyPI, about 10 s',
  wheels: [
    'comfy-api-proxy==0.1.6',
    'aiohappyeyeballs==2.7.1',
    'aiohttp==3.14.5',
    'aiosignal==1.4.0',
    'annotated-types==0.8.0',
    'attrs==26.1.0',
    'blake3==1.0.11',
    'frozenlist==1.8.0',
    'idna==3.20',
    'multidict==7.2.1',
    'propcache==0.5.4',
    'pydantic==2.14.4',
    'pydantic_core==2.50.5',
    'PyYAML==6.0.4',
    'typing_extensions==4.16.0',
    'typing-inspection==0.4.5',
    'yarl==1.25.1',
  ],
});
