/**
 * How the tests run Prisma: with its engine in WebAssembly, which talks to Postgres by a driver of npm.
 *
 * That driver lacks two things that the engine counts on, which is a preview in this version: it does not know the type
 * `name`, and it cuts scripts at every semicolon where the downloaded engine sends them whole.
 */
import { PrismaPg } from '@prisma/adapter-pg';

/** OIDs of "char", name and name[], and of the types that are read alike. */
const alike = new Map([
  [18, 25],
  [19, 25],
  [1003, 1009],
]);

class Driver extends PrismaPg {
  async connect() {
    const adapter = await super.connect();
    const perform = adapter.performIO.bind(adapter);
    adapter.performIO = async (query) => {
      const result = await perform(query);
      for (const field of result.fields) field.dataTypeID = alike.get(field.dataTypeID) ?? field.dataTypeID;
      return result;
    };
    adapter.executeScript = (script) =>
      adapter
        .underlyingDriver()
        .query(script)
        .then(
          () => undefined,
          (error) => adapter.onError(error),
        );
    return adapter;
  }
}

export default {
  schema: 'schema.prisma',
  migrations: { path: 'migrations' },
  engine: 'js',
  experimental: { adapter: true },
  // One connection, for the lock is that of a session.
  adapter: async () => new Driver({ connectionString: process.env.DATABASE_URL, max: 1 }),
};
