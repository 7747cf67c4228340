# Sessions in YAML files as Dancer keeps them. Reads lines as languages.mjs sends them, answers with microseconds each.
use strict;
use warnings;
use Time::HiRes 'time';
use JSON 'decode_json';
use Dancer ':script';
use Dancer::Session::YAML;

set session_dir => $ENV{BENCH_DIR};
set logger      => 'null';
my $class    = 'Dancer::Session::YAML';
my $data     = decode_json($ENV{BENCH_DATA});
my $SESSIONS = 4;

sub create {
    my $session = $class->create;
    @$session{ keys %$data } = values %$data;
    $session->flush;
    return $session->id;
}

my %operations = (
    retrieve => sub { $class->retrieve( $_[0] ) },
    read     => sub { $class->retrieve( $_[0] )->{user}{name} eq 'Ada Lovelace' or die 'this is not the session' },
    unknown => sub { $class->retrieve('123456789') },
    update  => sub { my $session = $class->retrieve( $_[0] ); $session->{n} = $_[1]; $session->flush },
);

$| = 1;
while ( my $line = <STDIN> ) {
    my ( $operation, $limit, $all, $most ) = split ' ', $line;
    $_ /= 1000 for $limit, $all;
    my ( $busy, $count, $since ) = ( 0, 0, time );
    if ( $operation eq 'create' or $operation eq 'destroy' ) {
        while ( $busy < $limit && $count < $most && time - $since < $all ) {
            my $begin = time;
            my @ids   = map { create() } 1 .. $SESSIONS;
            $busy += time - $begin if $operation eq 'create';
            my @sessions = map { $class->retrieve($_) } @ids;
            $begin = time;
            $_->destroy for @sessions;
            $busy += time - $begin if $operation eq 'destroy';
            $count += $SESSIONS;
        }
    }
    elsif ( my $run = $operations{$operation} ) {
        my @ids   = map { create() } 1 .. $SESSIONS;
        my $begin = time;
        while ( ( $busy = time - $begin ) < $limit && $count < $most ) {
            $run->( $ids[ $count % $SESSIONS ], $count );
            $count++;
        }
        $class->retrieve($_)->destroy for @ids;
    }
    print $count > 0 ? $busy / $count * 1e6 : '-', "\n";
}
