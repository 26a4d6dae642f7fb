/** Installs all that the tests in VS Code need, while other stages run. */
import { installChromium, installHost } from './install';

installHost(console.log);
installChromium(console.log);
