#!/bin/sh
# MariaDB as any user, with a read-only root: makes the data directory on the first start, sets the accounts on every start.
set -eu
umask 077
data=/var/lib/mysql/data
if [ ! -d "$data" ]; then
  # Made beside and renamed: a start that was cut short does not leave half a database.
  rm -rf "$data.new"
  mariadb-install-db --no-defaults --datadir="$data.new" --tmpdir=/tmp --skip-test-db >/tmp/install.log 2>&1 || {
    cat /tmp/install.log
    exit 1
  }
  mv "$data.new" "$data"
fi

quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/[\\\\']/\\\\&/g")"; }
cat >/tmp/accounts.sql <<SQL
CREATE DATABASE IF NOT EXISTS \`$MYSQL_DATABASE\` CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS $(quoted "$MYSQL_USER")@'%';
ALTER USER $(quoted "$MYSQL_USER")@'%' IDENTIFIED BY $(quoted "$MYSQL_PASSWORD");
GRANT ALL ON \`$MYSQL_DATABASE\`.* TO $(quoted "$MYSQL_USER")@'%';
CREATE USER IF NOT EXISTS root@'%';
ALTER USER root@'%' IDENTIFIED BY $(quoted "$MYSQL_ROOT_PASSWORD");
ALTER USER root@localhost IDENTIFIED BY $(quoted "$MYSQL_ROOT_PASSWORD");
GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;
SQL
exec mariadbd --no-defaults --datadir="$data" --tmpdir=/tmp --socket=/tmp/mysqld.sock --pid-file=/tmp/mysqld.pid \
  --bind-address=0.0.0.0 --skip-name-resolve --skip-log-bin --innodb-buffer-pool-size=64M --init-file=/tmp/accounts.sql
