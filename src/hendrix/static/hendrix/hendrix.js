/**
 * Topics in the browser: one connection that comes back by itself and goes on where it was.
 *
 *   import { connect } from "/static/hendrix/hendrix.js";
 *   const live = connect("/live/", { events: "/live/events/" });
 *   live.subscribe("orders", (order, message) => show(order));
 *
 * The socket is a `WebSocket` of `hendrix.websockets` with `topics = True`. Where no socket can be had (a proxy that
 * lets none through), topics are read from `events`, a view that returns a `TopicStream` for `?topic=...`.
 */

const FIRST_REST = 250;
const LONGEST_REST = 30_000;
const HOPELESS_AFTER = 3;

/** Ids are EPOCH-NUMBER and grow. */
export function later(one, other) {
  if (!one) return false;
  if (!other) return true;
  const [a, b] = [one, other].map((id) => id.split("-").map(BigInt));
  return a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);
}

/** Milliseconds before the next attempt: twice as long each time, and never all clients at once. */
export function rest(attempt, random = Math.random) {
  return Math.min(FIRST_REST * 2 ** attempt, LONGEST_REST) * (0.5 + random() / 2);
}

export function connect(url, options = {}) {
  return new Live(url, options);
}

class Live {
  #url;
  #events;
  #handlers = new Map();
  #watchers = new Map();
  #members = new Map();
  #seen = new Map();
  #waiting = [];
  #socket = null;
  #sources = new Map();
  #attempt = 0;
  #opened = false;
  #timer = null;
  #closed = false;
  #since = "";
  #first = "";

  /** "connecting", "open", "events" (the fallback), "waiting", "closed". */
  state = "connecting";
  /** Called with what is no message of a topic. */
  onmessage = null;
  /** Called with the state, whenever it changes. */
  onstate = null;
  /** Called with the topic where messages are missing: fetch anew what the page shows. */
  ongap = null;
  /** Called with a topic that this client may not have, or not publish to. */
  onrefused = null;

  constructor(url, options) {
    this.#url = new URL(url, globalThis.location?.href);
    this.#url.protocol = this.#url.protocol.replace("http", "ws");
    this.#events = options.events ?? null;
    this.#since = this.#first = options.since ?? "";
    this.maxWaiting = options.maxWaiting ?? 100;
    this.wake = () => this.#wake();
    globalThis.addEventListener?.("online", this.wake);
    this.#open();
  }

  /** The id of the last message that was seen. */
  get position() {
    return this.#since;
  }

  /** `handler(data, message)` for each message; returns what ends that. */
  subscribe(topic, handler) {
    const handlers = this.#handlers.get(topic) ?? new Set();
    if (!handlers.size) {
      this.#handlers.set(topic, handlers);
      // A topic that is new here begins now, wherever this connection went on.
      this.#ask({ subscribe: topic, since: this.#after(topic) ?? "" });
      if (this.state === "events") this.#listen(topic);
    }
    handlers.add(handler);
    return () => {
      if (handlers.delete(handler) && !handlers.size) {
        this.#handlers.delete(topic);
        this.#ask({ unsubscribe: topic });
        this.#sources.get(topic)?.close();
        this.#sources.delete(topic);
      }
    };
  }

  /** `handler(members, change)` with who is present in a topic, now and at every change. */
  presence(topic, handler) {
    const watchers = this.#watchers.get(topic) ?? new Set();
    if (!watchers.size) {
      this.#watchers.set(topic, watchers);
      this.#ask({ watch: topic });
    } else if (this.#members.has(topic)) {
      handler(this.#members.get(topic), null);
    }
    watchers.add(handler);
    return () => {
      if (watchers.delete(handler) && !watchers.size) {
        this.#watchers.delete(topic);
        this.#members.delete(topic);
        this.#ask({ unwatch: topic });
      }
    };
  }

  /** Publish, if the server permits it. What is said while there is no connection waits for it. */
  publish(topic, data) {
    this.send({ publish: topic, data });
  }

  /** Send a message of your own to the socket's `receive`. */
  send(value) {
    if (this.#socket?.readyState === 1) {
      this.#socket.send(JSON.stringify(value));
    } else {
      this.#waiting.push(value);
      if (this.#waiting.length > this.maxWaiting) this.#waiting.shift();
    }
  }

  close() {
    this.#closed = true;
    globalThis.removeEventListener?.("online", this.wake);
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
    for (const source of this.#sources.values()) source.close();
    this.#sources.clear();
    this.#become("closed");
  }

  #become(state) {
    if (this.state !== state) {
      this.state = state;
      this.onstate?.(state);
    }
  }

  #open() {
    const url = new URL(this.#url);
    if (this.#since) url.searchParams.set("since", this.#since);
    const socket = (this.#socket = new WebSocket(url));
    socket.onopen = () => this.#begin(socket);
    socket.onmessage = (event) => typeof event.data === "string" && this.#take(JSON.parse(event.data));
    socket.onclose = (event) => socket === this.#socket && this.#lost(event);
  }

  #begin(socket) {
    this.#attempt = 0;
    this.#opened = true;
    for (const source of this.#sources.values()) source.close();
    this.#sources.clear();
    this.#become("open");
    for (const topic of this.#handlers.keys()) this.#ask({ subscribe: topic, since: this.#after(topic) ?? "" });
    for (const topic of this.#watchers.keys()) socket.send(JSON.stringify({ watch: topic }));
    for (const value of this.#waiting.splice(0)) socket.send(JSON.stringify(value));
  }

  #lost(event) {
    if (this.#closed) return;
    this.#socket = null;
    if (this.#events && !this.#opened && this.#attempt + 1 >= HOPELESS_AFTER) this.#fallBack();
    if (this.state !== "events") this.#become("waiting");
    // 1012: the server is replaced by another one, which is there already.
    const wait = event.code === 1012 ? rest(0) : rest(this.#attempt);
    this.#attempt += 1;
    this.#timer = setTimeout(() => this.#open(), this.state === "events" ? LONGEST_REST : wait);
  }

  #wake() {
    if (this.#socket === null && !this.#closed) {
      clearTimeout(this.#timer);
      this.#open();
    }
  }

  /** Where a topic goes on. */
  #after(topic) {
    return this.#seen.get(topic) ?? (this.#first || undefined);
  }

  #ask(value) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(value));
  }

  #take(message) {
    if (message === null || typeof message !== "object") {
      this.onmessage?.(message);
    } else if ("topic" in message) {
      this.#deliver(message.topic, message.data, message);
    } else if ("subscribed" in message) {
      // It comes behind what was missed: from here on the topic is where the server is.
      this.#note(message.subscribed, message.id);
    } else if ("gap" in message) {
      this.#missed(message.gap, message.id);
    } else if ("presence" in message) {
      this.#changed(message);
    } else if ("refused" in message) {
      this.onrefused?.(message.refused);
    } else {
      this.onmessage?.(message);
    }
  }

  #deliver(topic, data, message) {
    if (!later(message.id, this.#seen.get(topic))) return;
    this.#note(topic, message.id);
    for (const handler of this.#handlers.get(topic) ?? []) handler(data, message);
    if (!this.#handlers.has(topic)) this.onmessage?.(message);
  }

  #note(topic, id) {
    if (later(id, this.#seen.get(topic))) this.#seen.set(topic, id);
    if (later(id, this.#since)) this.#since = id;
  }

  #missed(topic, id) {
    this.#seen.delete(topic);
    this.#since = id;
    this.ongap?.(topic);
  }

  #changed(message) {
    const topic = message.presence;
    if (!this.#watchers.has(topic)) return; // it was on its way
    const members = message.members ?? this.#members.get(topic) ?? {};
    if ("joined" in message) members[message.joined] = message.about;
    if ("left" in message) delete members[message.left];
    this.#members.set(topic, members);
    for (const handler of this.#watchers.get(topic) ?? []) handler(members, message);
  }

  #fallBack() {
    this.#become("events");
    // One that an answer has closed for good (readyState 2) begins anew; the others come back by themselves.
    for (const topic of this.#handlers.keys()) {
      if ((this.#sources.get(topic)?.readyState ?? 2) === 2) this.#listen(topic);
    }
  }

  #listen(topic) {
    const url = new URL(this.#events, globalThis.location?.href);
    url.searchParams.set("topic", topic);
    const since = this.#after(topic);
    if (since) url.searchParams.set("since", since);
    const source = new EventSource(url);
    this.#sources.set(topic, source);
    source.onmessage = (event) => {
      if (!event.data) return;
      const message = { topic, id: event.lastEventId };
      try {
        message.data = JSON.parse(event.data);
      } catch {
        message.hex = event.data; // bytes were published
      }
      this.#deliver(topic, message.data, message);
    };
    source.addEventListener("gap", (event) => this.#missed(topic, event.lastEventId));
  }
}
