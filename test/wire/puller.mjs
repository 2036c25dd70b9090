// A client in a process of its own: pulls what it is told to, and echoes messages meanwhile. Runs the built program.
import { SystemClock } from '../../dist/clock.js';
import { SystemRandom } from '../../dist/random.js';
import { openWire } from '../../dist/wire/open.js';
import { wireDefaults } from '../../dist/wire/settings.js';

const { source, secret } = JSON.parse(process.argv[2]);

function answer(envelope, message) {
  const { from, to, correlation } = envelope;
  wire.links.send(source.incarnation, { to: from, from: to, correlation, message }, 'urgent');
}

async function pull(envelope) {
  const bytes = await wire.bulk.unload(source, envelope.message.cargo);
  answer(envelope, { kind: 'pulled', sizeBytes: bytes.byteLength });
}

const ignore = () => undefined;
const wire = openWire({
  self: 'client.puller',
  secret: Buffer.from(secret, 'hex'),
  clock: new SystemClock(),
  random: new SystemRandom(),
  mayOpen: () => true,
  settings: wireDefaults,
  listener: {
    onEnvelope: (_peer, envelope) => {
      if (envelope.message.kind === 'pull')
        pull(envelope).catch((error) => process.exit(console.error(error) ?? 1));
      else answer(envelope, envelope.message);
    },
    onUp: ignore,
    onDown: () => process.exit(0),
    onDialFailed: (_peer, reason) => process.exit(console.error(reason) ?? 1),
    onDrained: ignore,
    onRoundTrip: ignore,
    onRefused: ignore,
  },
});
wire.links.connect(source);
