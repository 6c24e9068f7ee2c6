import { maybe } from "./index";

/** What a step of a visit is called: an event's type, or where a session ended. */
export const stepName = (name: string): string => maybe(`event.${name}`, name);

/** Where sessions came from: a name that somebody gave it, or what is said where there is none. */
export const originName = (name: string): string => maybe(`origin.${name}`, name);
