<?php
// Sessions in files as PHP keeps them. Reads lines as languages.mjs sends them, answers with microseconds each.
ini_set('session.save_path', getenv('BENCH_DIR'));
ini_set('session.use_cookies', '0');
ini_set('session.use_only_cookies', '0');
ini_set('session.cache_limiter', '');
ini_set('session.gc_probability', '0');
ini_set('session.serialize_handler', 'php_serialize');
$data = json_decode(getenv('BENCH_DATA'), true);
const SESSIONS = 32;

function create(array $data): string {
    $id = session_create_id();
    session_id($id);
    session_start();
    $_SESSION = $data;
    session_write_close();
    return $id;
}

function destroy(string $id): void {
    session_id($id);
    session_start();
    session_destroy();
}

$operations = [
    'retrieve' => function (string $id): void {
        session_id($id);
        session_start();
        session_abort();
    },
    'read' => function (string $id): void {
        session_id($id);
        session_start();
        $name = $_SESSION['user']['name'];
        session_abort();
        if ($name !== 'Ada Lovelace') throw new Exception('this is not the session');
    },
    'update' => function (string $id, int $n): void {
        session_id($id);
        session_start();
        $_SESSION['n'] = $n;
        session_write_close();
    },
    'touch' => function (string $id): void { // unchanged: written lazily, as a touch
        session_id($id);
        session_start();
        session_write_close();
    },
];

while (($line = fgets(STDIN)) !== false) {
    [$operation, $limit, $all, $most] = explode(' ', trim($line));
    $limit *= 1_000_000;
    $all *= 1_000_000;
    $busy = 0;
    $count = 0;
    $since = hrtime(true);
    if ($operation === 'create' || $operation === 'destroy') {
        while ($busy < $limit && $count < $most && hrtime(true) - $since < $all) {
            $ids = [];
            $begin = hrtime(true);
            for ($n = 0; $n < SESSIONS; $n++) $ids[] = create($data);
            if ($operation === 'create') $busy += hrtime(true) - $begin;
            $begin = hrtime(true);
            foreach ($ids as $id) destroy($id);
            if ($operation === 'destroy') $busy += hrtime(true) - $begin;
            $count += SESSIONS;
        }
    } elseif (isset($operations[$operation])) {
        $run = $operations[$operation];
        $ids = [];
        for ($n = 0; $n < SESSIONS; $n++) $ids[] = create($data);
        $begin = hrtime(true);
        while (($busy = hrtime(true) - $begin) < $limit && $count < $most) {
            $run($ids[$count % SESSIONS], $count);
            $count++;
        }
        foreach ($ids as $id) destroy($id);
    }
    fwrite(STDOUT, ($count > 0 ? $busy / $count / 1000 : '-') . "\n");
}
