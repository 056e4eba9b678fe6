import { kindOf } from '../../src/restore/statement-kind.ts';

const kind = (text: string) => kindOf(Buffer.from(text));

test.each([
  ['CREATE TABLE `a``b` (\n  `x` int\n)', { kind: 'table', table: 'a`b' }],
  ['CREATE TABLE IF NOT EXISTS `ü` (x int)', { kind: 'table', table: 'ü' }],
  ['CREATE SEQUENCE `s` start with 1', { kind: 'table', table: 's' }],
  ['DO SETVAL(`s`, 42, 0)', { kind: 'rows', table: 's' }],
  ['INSERT INTO `a` VALUES (1)', { kind: 'rows', table: 'a' }],
  ['INSERT IGNORE INTO `a` (`b`) VALUES (1)', { kind: 'rows', table: 'a' }],
  ["/*!50003 SET sql_mode              = 'ANSI_QUOTES' */ ", { kind: 'mode', mode: 'ANSI_QUOTES' }],
  ['/*!50003 SET sql_mode = @saved_sql_mode */', { kind: 'mode', mode: '' }],
])('reads %j', (text, expected) => {
  expect(kind(text)).toEqual(expected);
});

test.each([
  "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */",
  '/*!40101 SET NAMES utf8mb4 */',
  '/*!50003 SET character_set_client  = @saved_cs_client */ ',
  '/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */',
  '/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */',
])('takes %j for a setting of the session', (text) => {
  expect(kind(text)).toEqual({ kind: 'session' });
});

test.each([
  ['view', '/*!50001 DROP TABLE IF EXISTS `v`*/'],
  ['view', '/*!50001 CREATE TABLE `v` (\n  `a` tinyint NOT NULL\n) ENGINE=MyISAM */'],
  ['view', '/*!50001 CREATE VIEW `v` AS SELECT\n 1 AS `a`*/'],
  [
    'view',
    '/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`ro``ot`@`%` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 1 */',
  ],
  [
    'trigger',
    '/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER named BEFORE UPDATE ON t FOR EACH ROW BEGIN END */',
  ],
  ['procedure', 'CREATE DEFINER=`a b`@`localhost` PROCEDURE `p`()\nBEGIN END'],
  ['function', '/*!50003 CREATE*/ /*!50020 DEFINER=`root`@`%`*/ /*!50003 FUNCTION `f`(x INT) RETURNS int RETURN 1 */'],
  [
    'event',
    '/*!50106 CREATE*/ /*!50117 DEFINER=`root`@`%`*/ /*!50106 EVENT `e` ON SCHEDULE EVERY 1 DAY DO SET @a=1 */',
  ],
  ['event', '/*!50106 DROP EVENT IF EXISTS `e` */'],
  ['database', 'ALTER DATABASE `stack` CHARACTER SET latin1 COLLATE latin1_bin'],
])('takes for a %s what begins with %j', (what, text) => {
  expect(kind(text)).toEqual({ kind: 'object', what });
});

test.each([
  'DROP TABLE IF EXISTS `a`',
  'LOCK TABLES `a` WRITE',
  'LOCK TABLES `a` READ /*!32311 LOCAL */',
  '/*!40000 ALTER TABLE `a` DISABLE KEYS */',
  'UNLOCK TABLES',
  'set autocommit=0',
  'commit',
  "SET @@GLOBAL.GTID_PURGED='3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5'",
  'SET @@SESSION.SQL_LOG_BIN= 0',
])('needs no %j', (text) => {
  expect(kind(text)).toEqual({ kind: 'needless' });
});

test.each(['USE `stack`', 'CREATE DATABASE /*!32312 IF NOT EXISTS*/ `stack` /*!40100 DEFAULT CHARACTER SET utf8 */'])(
  'reads the database of %j',
  (text) => {
    expect(kind(text)).toEqual({ kind: 'database', database: 'stack' });
  },
);

test.each([
  "GRANT ALL ON *.* TO 'x'@'%'",
  "/*!50003 GRANT ALL ON *.* TO 'x'@'%' */",
  "CREATE USER 'x'@'%'",
  'SET GLOBAL general_log = 1',
  'SET @@GLOBAL.general_log = 1',
  "SET PASSWORD = PASSWORD('x')",
  'SET STATEMENT max_statement_time=1 FOR DROP TABLE x',
  'DROP TABLE IF EXISTS `mysql`.`user`',
  'DROP TABLE `a`',
  'DROP DATABASE `other`',
  'INSERT INTO `mysql`.`user` VALUES (1)',
  'CREATE TABLE `mysql`.`x` (a INT)',
  "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE `a`",
  "SELECT 1 INTO OUTFILE '/tmp/x'",
  'TRUNCATE TABLE `a`',
  '\\! touch x',
  'system touch x',
  "/*!50001 CREATE TABLE `v` (a INT) ENGINE=MyISAM DATA DIRECTORY='/tmp' */",
  'source file',
  'CHANGE MASTER TO MASTER_HOST="x"',
])('takes %j for nothing that a dump holds', (text) => {
  expect(kind(text)).toMatchObject({ kind: 'foreign' });
});
