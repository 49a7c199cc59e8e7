// Brings bubblewrap for the tests of the local engine, or says that they are left out.
import { hasCommands, installPackages, mayInstall } from './debian.mjs'

export function installBubblewrap() {
  if (hasCommands(['bwrap'])) return
  if (mayInstall && installPackages(['bubblewrap'])) return
  console.log(
    'There is no bubblewrap, and it can be installed only on Debian as root: the tests with it are left out.',
  )
}
