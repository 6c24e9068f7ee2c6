// Why: the one way from the page to the database. Guarantees: every failure has a message, says whether it is about who is
// asking, and holds the request's id where the gateway gave one, so that it can be found in the log.

import { createTRPCUntypedClient, httpLink, TRPCClientError } from "@trpc/client";
import type { Caller } from "./types";

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number | null,
    readonly requestId: string | null,
  ) {
    super(message);
  }

  /** Nobody in particular is asking: the session is over, or never was. */
  get loggedOut(): boolean {
    return this.status === 401;
  }
}

const idOf = (response: Response) => response.headers.get("x-request-id");

/** What the gateway itself answers, where no procedure could, is in its own words rather than in tRPC's. */
const link = httpLink({
  url: "/api/trpc",
  fetch: async (url, options) => {
    const response = await fetch(url, options as RequestInit);
    if (response.ok) return response;
    const answer = (await response.clone().json().catch(() => null)) as { error?: { message?: string; data?: unknown } } | null;
    if (answer?.error?.data) return response;
    throw new ApiError(answer?.error?.message ?? `HTTP ${response.status}`, response.status, idOf(response));
  },
});
const client = createTRPCUntypedClient({ links: [link] });

function explained(error: unknown): ApiError {
  if (error instanceof TRPCClientError) {
    if (error.cause instanceof ApiError) return error.cause;
    const response = error.meta?.["response"] as Response | undefined;
    const status = (error.data as { httpStatus?: number } | undefined)?.httpStatus ?? response?.status ?? null;
    return new ApiError(error.message, status, response ? idOf(response) : null);
  }
  return new ApiError(error instanceof Error ? error.message : String(error), null, null);
}

export type Input = Record<string, unknown>;

export async function query<T>(name: string, input: Input = {}): Promise<T> {
  try {
    return (await client.query(`calAnalytics.${name}`, input)) as T;
  } catch (error) {
    throw explained(error);
  }
}

export async function mutate<T>(name: string, input: Input = {}): Promise<T> {
  try {
    return (await client.mutation(`calAnalytics.${name}`, input)) as T;
  } catch (error) {
    throw explained(error);
  }
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    throw new ApiError(error instanceof Error ? error.message : String(error), null, null);
  }
  const answer = (await response.json().catch(() => null)) as (T & { error?: { message?: string } }) | null;
  if (!response.ok || answer === null) {
    throw new ApiError(answer?.error?.message ?? `HTTP ${response.status}`, response.status, idOf(response));
  }
  return answer;
}

function post<T>(path: string, body: unknown): Promise<T> {
  return ask<T>(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

export const whoAmI = (): Promise<Caller> => ask("/api/debug/auth");
export const logIn = (secret: { name: string; password: string } | { token: string } | { share: string }): Promise<unknown> =>
  post("/api/login", secret);
export const logOut = (): Promise<unknown> => post("/api/logout", {});
