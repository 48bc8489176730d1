import postgres from "postgres";

/** Something that hears until it is closed. */
export interface Listening {
  close(): Promise<void>;
}

/** What {@link listenOnServer} is given. */
export interface ListenOptions {
  readonly channel: string;
  /** Called with every notice, and without one whenever a connection stands: some may have been missed before. */
  readonly heard: (notice?: string) => void;
}

/**
 * Listens on a channel over a connection of its own, made again whenever it breaks. Through a transaction pooler (port
 * 6543) nothing can be heard: there it does nothing, and whoever needs to know asks from time to time.
 *
 * @param url `postgres://…`.
 * @param options Channel and who is told.
 * @returns Once it listens, or could not yet: it goes on trying.
 */
export async function listenOnServer(url: string, options: ListenOptions): Promise<Listening> {
  const { channel, heard } = options;
  if (URL.canParse(url) && new URL(url).port === "6543") return { close: async () => {} };
  const client = postgres(url, {
    max: 1,
    prepare: false,
    connect_timeout: 10,
    backoff: () => 1,
    onnotice: () => {},
    connection: { application_name: "futago listen" },
  });
  await client.listen(channel, heard, () => heard()).catch(() => {});
  return { close: () => client.end({ timeout: 1 }) };
}
