import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cached, keyOf } from './cache.ts';
import { findProgram, GroundError, run } from './commands.ts';
import { makeNeo4j, neo4jSays } from './neo4j.ts';
import type { ImageConfig } from './oci-layout.ts';
import { writeLayout } from './oci-layout.ts';
import { repositoryRoot, runDir, versions } from './settings.ts';

/** How the root file system of an image is made. */
interface Recipe {
  /** What the outcome depends on: it is the key of the cache. */
  readonly says: readonly string[];
  readonly config: ImageConfig;
  /** Writes it as a tar file; `work` is a folder that is not there yet. */
  makeTar(tar: string, work: string, note: (text: string) => void): Promise<void>;
}

/** Base images: repository and tag in both registries. */
export const baseImages = {
  web: 'base/web:1',
  mariadb: 'base/mariadb:1',
  backup: 'base/backup:1',
  busybox: 'base/busybox:1',
  neo4j: 'base/neo4j:3.4.5',
} as const;

/** The image that containerd holds a pod's namespaces with. */
export const pauseImage = 'localhost/pause:1';

export type BaseImage = keyof typeof baseImages;

export type Layouts = Readonly<Record<BaseImage | 'pause', string>>;

const entry = join(import.meta.dirname, 'images', 'mariadb-entry');

/** OCI layouts of all images, made from Debian packages when the cache has none. */
export async function buildImages(pause: string): Promise<Layouts> {
  const addEntry = 'install -m 755 "$MARIADB_ENTRY" "$1/entry"';
  const mariadb = debian(['mariadb-server'], { entrypoint: ['/entry'] }, addEntry);
  const removeUnused = `cd "$1" && rm -rf ${backupFile('unused.txt').join(' ')}`;
  const backup = debian(backupFile('packages.txt'), {}, removeUnused);
  return {
    busybox: await image('busybox', baseImages.busybox, busybox),
    pause: await image('pause', pauseImage, onlyPause(pause)),
    web: await image(
      'web',
      baseImages.web,
      debian(['python3-minimal', 'python3-django', 'python3-mysqldb', 'gunicorn']),
    ),
    mariadb: await image('mariadb', baseImages.mariadb, {
      ...mariadb,
      says: [...mariadb.says, readFileSync(entry, 'utf8')],
    }),
    backup: await image('backup', baseImages.backup, backup),
    neo4j: await image('neo4j', baseImages.neo4j, neo4j()),
  };
}

function image(name: string, tag: string, { says, config, makeTar }: Recipe): Promise<string> {
  const layoutSource = readFileSync(join(import.meta.dirname, 'oci-layout.ts'), 'utf8');
  return cached(`image-${name}`, keyOf(tag, ...says, JSON.stringify(config), layoutSource), async (dir, note) => {
    const tar = join(dir, 'layer.tar');
    await makeTar(tar, join(runDir, `rootfs-${name}`), note);
    note('compressing');
    await writeLayout(dir, tar, tag, config);
  });
}

/** Lines of what the backup image is made from at a site too. */
function backupFile(name: string): string[] {
  return readFileSync(join(repositoryRoot, 'images/backup', name), 'utf8')
    .trim()
    .split('\n');
}

/** Debian's essential packages and those named, without manuals and translations. */
function debian(packages: readonly string[], config: ImageConfig = {}, hook?: string): Recipe {
  const mirror = process.env['DEBIAN_MIRROR'] ?? 'http://deb.debian.org';
  const exclude = [
    '/usr/share/{man,info,doc,locale,lintian,bug}/*',
    // Compiled messages only: Python compiles what else lies in locale/ and fails when it is gone.
    '/usr/lib/python3/dist-packages/django/*/locale/*/LC_MESSAGES/*',
  ];
  const options = [
    '--mode=root',
    '--variant=essential',
    `--include=${packages.join(',')}`,
    ...exclude.map((path) => `--dpkgopt=path-exclude=${path}`),
    '--dpkgopt=path-include=/usr/lib/python3/dist-packages/django/*/locale/en/*',
    ...(hook === undefined ? [] : [`--customize-hook=${hook}`]),
    '--customize-hook=rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/* "$1"/var/log/*',
    versions.debian,
  ];
  const sources = [
    `deb ${mirror}/debian ${versions.debian} main`,
    `deb ${mirror}/debian-security ${versions.debian}-security main`,
  ];
  return {
    says: options,
    config,
    async makeTar(tar, work, note) {
      mkdirSync(work, { recursive: true });
      const env = { TMPDIR: work, SOURCE_DATE_EPOCH: '0', MARIADB_ENTRY: entry, NEO4J_ROOT: neo4jRoot(work) };
      await run('mmdebstrap', [...options, tar, ...sources], { env, onLine: note });
    },
  };
}

const neo4jRoot = (work: string) => join(work, 'neo4j');

/** Java from Debian, Neo4j from Maven Central. */
function neo4j(): Recipe {
  const unused = [
    'usr/share/doc',
    'usr/share/locale',
    'usr/share/man',
    'usr/share/perl',
    'usr/lib/x86_64-linux-gnu/perl',
  ];
  const ofJava = ['ct.sym', 'server/classes_nocoops.jsa'].map((file) => `usr/lib/jvm/*/lib/${file}`);
  const hook = `cd "$1" && rm -rf ${[...unused, ...ofJava].join(' ')} && cp -a "$NEO4J_ROOT/." .`;
  const config = { entrypoint: ['/docker-entrypoint.sh'], command: ['neo4j'] };
  const java = debian(['openjdk-17-jre-headless'], config, hook);
  return {
    ...java,
    says: [...java.says, ...neo4jSays()],
    async makeTar(tar, work, note) {
      await makeNeo4j(neo4jRoot(work), work, note);
      await java.makeTar(tar, work, note);
    },
  };
}

const busybox: Recipe = {
  says: ['busybox and its links'],
  config: {},
  async makeTar(tar, work) {
    const program = findProgram('busybox');
    if (program === undefined) throw new GroundError('busybox is missing');
    for (const folder of ['bin', 'etc', 'tmp', 'www']) mkdirSync(join(work, folder), { recursive: true });
    copyFileSync(program, join(work, 'bin', 'busybox'));
    for (const applet of (await run(program, ['--list'])).trim().split('\n')) {
      if (applet !== 'busybox') symlinkSync('busybox', join(work, 'bin', applet));
    }
    writeFileSync(join(work, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n');
    writeFileSync(join(work, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
    await packTree(work, tar);
  },
};

function onlyPause(pause: string): Recipe {
  return {
    // Its folder in the cache is named by what it was built from.
    says: [basename(dirname(pause))],
    config: { entrypoint: ['/pause'] },
    async makeTar(tar, work) {
      mkdirSync(work, { recursive: true });
      copyFileSync(pause, join(work, 'pause'));
      await packTree(work, tar);
    },
  };
}

async function packTree(root: string, tar: string): Promise<void> {
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  await run('tar', [...same, '-C', root, '-cf', tar, '.']);
}
