/** Views, routines, triggers and events of the rich database: with comments, quotes, delimiters of dumps and other sections' names in them. */
export function* richObjects(): Generator<string> {
  yield* views();
  yield* routines();
  yield* triggers();
  yield `CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'it''s nightly' DO
  BEGIN
    -- nothing older; than this
    DELETE FROM audit WHERE id < 0;
  END`;
}

function* views(): Generator<string> {
  // The name of the second sorts before the first, on which it stands.
  yield `CREATE VIEW top_molecule AS SELECT id, inchi_key, target_id FROM molecule WHERE id <= 10`;
  yield `CREATE SQL SECURITY INVOKER VIEW a_named AS SELECT m.id, t.title AS \`the title\`, 'a;b''c' AS quoted FROM top_molecule m JOIN target t ON t.id = m.target_id`;
  yield `CREATE ALGORITHM=MERGE VIEW checked AS SELECT a, b FROM no_key WHERE a < 10 WITH CASCADED CHECK OPTION`;
}

function* routines(): Generator<string> {
  yield `CREATE FUNCTION shout(word VARCHAR(100)) RETURNS VARCHAR(110) CHARSET utf8mb4 DETERMINISTIC COMMENT 'it''s loud' RETURN CONCAT(UPPER(word), '!; $$ 🧪')`;
  yield `CREATE PROCEDURE add_audit(IN what VARCHAR(100), OUT total INT) MODIFIES SQL DATA SQL SECURITY INVOKER
BEGIN
  -- it's a comment; with a delimiter ;
  /* and another: DROP TABLE audit; */
  # DELIMITER $$
  DECLARE n INT DEFAULT 0;
  INSERT INTO audit (what) VALUES (CONCAT(what, ' // "x" \\\\ '));
  SELECT COUNT(*) INTO n FROM audit;
  SET total = n;
END`;
  yield `CREATE PROCEDURE looks_like_a_dump() BEGIN
--
-- Table structure for table \`digit\`
--
SELECT 'DROP TABLE IF EXISTS digit;
-- Dump completed on 2026-01-01';
END`;
  yield `CREATE VIEW by_routine AS SELECT id, shout(title) AS loud FROM target`;
}

function* triggers(): Generator<string> {
  yield `CREATE TRIGGER target_made AFTER INSERT ON target FOR EACH ROW BEGIN
  -- whose title; it's said
  INSERT INTO audit (what) VALUES (CONCAT('made ', NEW.title, ' ;; */ 🎯'));
END`;
  yield `CREATE TRIGGER no_key_changed BEFORE UPDATE ON no_key FOR EACH ROW SET NEW.b = CONCAT(NEW.b, '') /* it's short */`;
  yield `CREATE TRIGGER \`odd \`\`trigger\` BEFORE DELETE ON \`order\` FOR EACH ROW SET @gone = OLD.\`it's\``;
}
