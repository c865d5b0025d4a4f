/** A message of a topic. `hex` instead of `data` where bytes were published. */
export interface Message<Data = unknown> {
  topic: string;
  id: string;
  data: Data;
  hex?: string;
}

/** Who is present: by name, with what is told of them. */
export type Members = Record<string, unknown>;

export interface PresenceChange {
  presence: string;
  members?: Members;
  joined?: string;
  about?: unknown;
  left?: string;
}

export type State = "connecting" | "open" | "events" | "waiting" | "closed";

export interface Options {
  /** A view with a `TopicStream`, for where no WebSocket can be had. It is asked for `?topic=...`. */
  events?: string;
  /** The id to begin after, such as one that came with the page. */
  since?: string;
  /** How many messages wait while there is no connection; the oldest are dropped. 100. */
  maxWaiting?: number;
}

export interface Live {
  readonly state: State;
  readonly position: string;
  onmessage: ((value: unknown) => void) | null;
  onstate: ((state: State) => void) | null;
  ongap: ((topic: string) => void) | null;
  onrefused: ((topic: string) => void) | null;
  subscribe<Data = unknown>(topic: string, handler: (data: Data, message: Message<Data>) => void): () => void;
  presence(topic: string, handler: (members: Members, change: PresenceChange | null) => void): () => void;
  publish(topic: string, data: unknown): void;
  send(value: unknown): void;
  close(): void;
}

export function connect(url: string, options?: Options): Live;
export function later(one: string | undefined, other: string | undefined): boolean;
export function rest(attempt: number, random?: () => number): number;
