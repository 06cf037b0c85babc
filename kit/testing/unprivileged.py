"""PostgreSQL refuses to run as root; where root is all there is, it gets a smaller user.

First choice is a user namespace: inside it we are user 1000, outside files stay ours, so folders that only
root may enter keep working. Where the kernel forbids that, programs and data move below /var/tmp, to a user
without rights.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kit.testing.children import ServerError

NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
NOBODY = 65534
SET_USER = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


@dataclass(frozen=True)
class Footing:
    """How and where PostgreSQL's programs run."""

    prefix: tuple[str, ...]
    binaries: Path
    data_home: Path
    owner: int | None = None

    def hand_over(self, path: Path) -> None:
        """Give a file or folder to the user the programs run as."""
        if self.owner is not None:
            os.chown(path, self.owner, self.owner)


def footing(binaries: Path, folder: Path) -> Footing:
    """Find a way to run the programs in `binaries` with data below `folder`, as root or not.

    Raises `ServerError` when there is none.
    """
    if os.geteuid() != 0:
        return Footing((), binaries, folder)
    if not (folder / "elsewhere").is_symlink() and namespace_works(binaries, folder):
        return Footing(NAMESPACE, binaries, folder)
    if shutil.which("setpriv"):
        return elsewhere(binaries, folder)
    raise ServerError(
        "PostgreSQL does not run as root, and neither user namespaces nor `setpriv` are available here: "
        "run as an ordinary user, or set the *_DATABASE_URL variables to a server of your own."
    )


def namespace_works(binaries: Path, folder: Path) -> bool:
    """Whether the programs run in a user namespace and may write into `folder` from there."""
    if not shutil.which("unshare"):
        return False
    trial = ["sh", "-c", 'test -w "$1" && exec "$2" --version', "sh", str(folder), str(binaries / "postgres")]
    ran = subprocess.run([*NAMESPACE, *trial], capture_output=True, check=False)  # noqa: S603 - our own words
    return ran.returncode == 0


def elsewhere(binaries: Path, folder: Path) -> Footing:
    """Copy the programs to a folder the smaller user may enter; `folder/elsewhere` remembers where it is."""
    link = folder / "elsewhere"
    if not link.exists():
        link.unlink(missing_ok=True)
        home = Path(tempfile.mkdtemp(prefix="kefu-postgres-", dir="/var/tmp"))
        home.chmod(0o755)
        package = binaries.parent.parent
        libraries = package.with_name(f"{package.name}.libs")
        shutil.copytree(package / "pginstall", home / package.name / "pginstall", symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, home / libraries.name, symlinks=True)
        data_home = home / "data-home"
        data_home.mkdir(mode=0o700)
        os.chown(data_home, NOBODY, NOBODY)
        link.symlink_to(home)
    home = link.resolve()
    return Footing(SET_USER, home / binaries.parent.parent.name / "pginstall" / "bin", home / "data-home", NOBODY)
