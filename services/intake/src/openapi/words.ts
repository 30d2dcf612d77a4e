import { errorCatalogue, statusGlossary, type StatusReasonCode } from '@darkroom/domain';
import { type ProblemCode, problemCodes, unsafeTextCodes } from '@darkroom/platform';
import { fieldErrorCodes } from '../schemas/field-errors.js';

/** The API's closed lists of words, each taken from the place that decides them, so that the document cannot lag behind. */

const isReason = (word: string): word is StatusReasonCode => Object.hasOwn(statusGlossary, word);
const isProblem = (word: string): word is ProblemCode => Object.hasOwn(problemCodes, word);

/** What a generation may wait for. */
export const statusReasonCodes = Object.keys(statusGlossary).filter(isReason);

/** Why a generation may fail. */
export const failureCodes = Object.values(errorCatalogue).map(({ code }) => code);

/** Why a call may be refused. */
export const problemWords = Object.keys(problemCodes).filter(isProblem);

/** What may be wrong with one field, for which the body's text or its schema is asked. */
export const fieldWords = [...fieldErrorCodes, ...unsafeTextCodes];

/** What verified images are. */
export const imageTypes = ['image/png', 'image/jpeg', 'image/webp'] as const;
