/** A change is judged by the same examples each time; on developers' machines every run tries new ones. */
import fc from 'fast-check';

if (process.env['CI'] || process.env['REHEARSAL_TEST_SEEDED']) fc.configureGlobal({ seed: 20_261_123 });
