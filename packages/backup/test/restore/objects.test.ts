import { ownStatement } from '../../src/restore/objects.ts';

const own = (text: string) => ownStatement(Buffer.from(text)).toString();

test.each([
  [
    '/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @a = 1 */',
    '/*!50003 CREATE*/ /*!50017  */ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET @a = 1 */',
  ],
  [
    '/*!50001 CREATE ALGORITHM=MERGE */\n/*!50013 DEFINER=`ro``ot`@`%` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 1 */',
    '/*!50001 CREATE ALGORITHM=MERGE */\n/*!50013   SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 1 */',
  ],
  ['CREATE DEFINER=`root`@`localhost` PROCEDURE `p`() SELECT 1', 'CREATE   PROCEDURE `p`() SELECT 1'],
  ["CREATE DEFINER='root'@'%' PROCEDURE `p`() SELECT 1", 'CREATE   PROCEDURE `p`() SELECT 1'],
  [
    'CREATE OR REPLACE DEFINER = CURRENT_USER FUNCTION `f`() RETURNS int RETURN 1',
    'CREATE OR REPLACE   FUNCTION `f`() RETURNS int RETURN 1',
  ],
])('leaves the definer out of %j', (text, expected) => {
  expect(own(text)).toBe(expected);
});

test('leaves alone what only looks like a definer in a body', () => {
  const text = "CREATE PROCEDURE `p`() SELECT 'DEFINER=`root`@`localhost`'";
  expect(own(text)).toBe(text);
});

test('keeps bytes of any character set', () => {
  const text = Buffer.from([...Buffer.from('CREATE DEFINER=`a`@`b` PROCEDURE `p`() SELECT "'), 0xff, 0x80, 0x22]);
  expect(ownStatement(text).subarray(-3)).toEqual(text.subarray(-3));
});

test('alters the database that it is in, whatever its name was', () => {
  expect(own('ALTER DATABASE `st``ack` CHARACTER SET latin1 COLLATE latin1_bin')).toBe(
    'ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_bin',
  );
});
