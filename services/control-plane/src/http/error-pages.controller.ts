import { errorIndexPage, errorPage, ProblemError } from '@darkroom/platform';
import { Controller, Get, Header, Param } from '@nestjs/common';

const html = 'text/html; charset=utf-8';
const policy = "default-src 'none'; frame-ancestors 'none'";

/** The pages that the `type` of a problem names. They need no key: nothing in them came from a request. */
@Controller('docs/errors')
export class ErrorPagesController {
  @Get()
  @Header('content-type', html)
  @Header('content-security-policy', policy)
  index(): string {
    return errorIndexPage();
  }

  @Get(':code')
  @Header('content-type', html)
  @Header('content-security-policy', policy)
  one(@Param('code') code: string): string {
    const page = errorPage(code, { hasReference: false });
    if (page === undefined) throw new ProblemError('not_found');
    return page;
  }
}
