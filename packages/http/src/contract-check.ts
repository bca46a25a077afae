import { type Contract, loadContract, type Violation } from './contract';
import type { HttpRequest, HttpResponse } from './interaction';

/** Tells, in sentences, where what was sent and answered does not keep an OpenAPI document. */
export class ContractCheck {
  readonly #contract: Contract;

  /** @throws SeamkitError `OPTION_INVALID` for a document that is not OpenAPI */
  constructor(file: string) {
    this.#contract = loadContract(file);
  }

  request(request: HttpRequest): string[] {
    return sentences(request, () => this.#contract.checkRequest(request));
  }

  /** Of an answer to a request that broke the contract, only what is wrong with the answer. */
  response(request: HttpRequest, response: HttpResponse): string[] {
    return sentences(request, () =>
      this.#contract.checkResponse(request, response).filter(({ where }) => where === 'response'),
    );
  }
}

function sentences({ method, url }: HttpRequest, check: () => Violation[]): string[] {
  const [target] = url.split('?'); // the query may hold secrets
  try {
    return check().map(({ where, pointer, message, rule }) => {
      return `the ${where} of ${method} ${target} breaks the contract: ${pointer} ${message} (${rule})`;
    });
  } catch (error) {
    return [`the contract cannot be checked: ${(error as Error).message}`];
  }
}
