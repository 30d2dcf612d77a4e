import { errorIndexPage, errorPage, ProblemError } from '@darkroom/platform';
import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { textFile } from '../adapters/static-files.js';
import { IntakeParts } from '../intake-parts.js';
import { openApiDocument } from '../openapi/document.js';
import { operations } from '../openapi/operations.js';
import { pagePolicy, referencePolicy } from './security-headers.js';
import { sendFile } from './send-file.js';

const html = 'text/html; charset=utf-8';
const document = textFile(JSON.stringify(openApiDocument(operations)), 'application/json');
const errorIndex = textFile(errorIndexPage(), html);

const reference = textFile(
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Darkroom API</title>
<link rel="icon" href="/docs/viewer/favicon-32x32.png">
<link rel="stylesheet" href="/docs/viewer/swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<noscript><p>The reference as a document: <a href="/openapi.json">/openapi.json</a>.</p></noscript>
<script src="/docs/viewer/swagger-ui-bundle.js"></script>
<script src="/docs/viewer/start.js"></script>
</body>
</html>`,
  html,
);
// A file, because the page's policy lets no inline script run.
const start = textFile(
  `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#reference', deepLinking: true, validatorUrl: null, defaultModelsExpandDepth: 0 });`,
  'text/javascript; charset=utf-8',
);

/** What the API is, for people and programs. Needs no key and nothing from another host. */
@Controller()
export class DocsController {
  constructor(@Inject(IntakeParts) private readonly parts: IntakeParts) {}

  @Get('openapi.json')
  openApi(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    sendFile(request, reply, document);
  }

  @Get('docs')
  reference(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    sendFile(request, reply, reference, { policy: referencePolicy });
  }

  @Get('docs/viewer/:file')
  viewer(@Param('file') file: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const found = file === 'start.js' ? start : this.parts.viewer.get(file);
    if (!found) throw new ProblemError('not_found');
    sendFile(request, reply, found);
  }

  @Get('docs/errors')
  errors(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    sendFile(request, reply, errorIndex, { policy: pagePolicy });
  }

  /** The page that a problem's `type` names. */
  @Get('docs/errors/:code')
  error(@Param('code') code: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const page = errorPage(code, { hasReference: true });
    if (page === undefined) throw new ProblemError('not_found');
    sendFile(request, reply, textFile(page, html), { policy: pagePolicy });
  }
}
