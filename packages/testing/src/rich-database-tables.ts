/** Characters that dumps have to escape, in a table's name. */
export const oddTable = 'od`d "na\'me; -- ü☃';

const bytes = Array.from({ length: 256 }, (_, at) => at.toString(16).padStart(2, '0')).join('');

/** The tables of the rich database; those for much data stay empty. */
export function* richTables(product: 'MariaDB' | 'MySQL'): Generator<string> {
  yield* tablesForMuch(product);
  yield* tablesOfTypes(product);
  yield* tablesOfNames();
  yield* tablesOfKinds();
  if (product === 'MariaDB') yield* tablesOfMariadb();
}

function* tablesForMuch(product: 'MariaDB' | 'MySQL'): Generator<string> {
  const generated =
    product === 'MySQL'
      ? ''
      : `mass_rounded INT GENERATED ALWAYS AS (ROUND(mass)) VIRTUAL, key_head CHAR(4) AS (LEFT(inchi_key, 4)) STORED, KEY by_head (key_head), KEY by_rounded (mass_rounded),`;
  yield `CREATE TABLE target (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, title VARCHAR(100) NOT NULL UNIQUE, best_molecule INT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;
  for (let id = 1; id <= 20; id++) yield `INSERT INTO target VALUES (${id}, 'target ${id} 🎯', ${id})`;
  yield `CREATE TABLE molecule (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, smiles VARCHAR(255) NOT NULL, inchi_key VARCHAR(32) NOT NULL, mass DECIMAL(20,6),
    charge DOUBLE, prop_json LONGTEXT, note TEXT, made_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, target_id INT NOT NULL, ${generated}
    UNIQUE KEY by_inchi (inchi_key), KEY by_smiles (smiles(40)), KEY by_made (made_at), KEY by_target (target_id),
    CONSTRAINT molecule_target FOREIGN KEY (target_id) REFERENCES target (id) ON DELETE CASCADE) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;
  // target and molecule refer to each other.
  yield `ALTER TABLE target ADD CONSTRAINT target_best FOREIGN KEY (best_molecule) REFERENCES molecule (id) ON UPDATE CASCADE`;
  yield `CREATE TABLE map_file (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, molecule_id INT NOT NULL, content LONGBLOB, KEY (molecule_id)) ENGINE=InnoDB DEFAULT CHARSET=latin1`;
  yield `CREATE TABLE score (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, molecule_id INT NOT NULL, kind ENUM('rmsd','energy','rank') NOT NULL, value DOUBLE, made_on DATE,
    KEY by_molecule (molecule_id, kind), KEY by_value (value), CONSTRAINT score_molecule FOREIGN KEY (molecule_id) REFERENCES molecule (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;
  yield `CREATE TABLE session_log (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, session_key CHAR(40) CHARACTER SET ascii NOT NULL, at DATETIME(6) NOT NULL, message TEXT,
    UNIQUE KEY (session_key), KEY (at), FULLTEXT KEY words (message)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;
  // Refers to itself; four-byte characters in a unique key.
  yield `CREATE TABLE tag (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) COLLATE utf8mb4_bin NOT NULL, parent_id INT NULL, UNIQUE KEY (name),
    CONSTRAINT tag_parent FOREIGN KEY (parent_id) REFERENCES tag (id)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;
  yield `CREATE TABLE plain_copy (a INT, b CHAR(32), c VARCHAR(64) NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8`;
}

function* tablesOfTypes(product: 'MariaDB' | 'MySQL'): Generator<string> {
  yield `CREATE TABLE every_type (id INT NOT NULL PRIMARY KEY, ti TINYINT, su SMALLINT UNSIGNED, mz MEDIUMINT(7) ZEROFILL, bu BIGINT UNSIGNED, dc DECIMAL(65,30), db DOUBLE,
    bi BIT(13), b1 BIT(1), d DATE, dt DATETIME, dt6 DATETIME(6), ts TIMESTAMP NULL, t TIME(3), y YEAR, c CHAR(10), vb VARBINARY(300), bn BINARY(5), tb TINYBLOB, lt LONGTEXT,
    e ENUM('','a','it''s','ü,;') , s SET('x','y','z z'), g GEOMETRY, l1 VARCHAR(50) CHARACTER SET latin1, u2 VARCHAR(50) CHARACTER SET ucs2) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;
  yield `INSERT INTO every_type VALUES (1, -128, 65535, 42, 18446744073709551615, -12345678901234567890123456789012345.123456789012345678901234567890, 1.7976931348623157e308,
    b'1010101010101', b'1', '0000-00-00', '0000-00-00 00:00:00', '9999-12-31 23:59:59.999999', '1970-01-01 00:00:01', '-838:59:59.000', 1901, 'a  ', x'${bytes}', x'00ff', x'00', '',
    'it''s', 'x,z z', POINT(1.5, -2.25), 'é\\\\''"', 'ж')`;
  yield `INSERT INTO every_type (id) VALUES (2)`;
  yield `INSERT INTO every_type (id, d, dt, ts, db, e, s, lt, c) VALUES (3, '2024-00-00', '2024-02-00 10:00:00', '2038-01-19 03:14:07', 5e-324, '', '', '👩‍👩‍👧 é \\n\\r\\t\\Z\\0 %_', '')`;
  yield `INSERT INTO every_type (id, db, g, lt) VALUES (4, -0.1, ST_GeomFromText('POLYGON((0 0,10 0,10 10,0 10,0 0))'), 'NULL'), (-5, 1e22, NULL, ';\\n-- Table structure for table \`digit\`\\nDROP TABLE digit;\\n')`;
  yield `CREATE TABLE single_floats (id INT NOT NULL PRIMARY KEY, f FLOAT, g FLOAT(7,3)) ENGINE=InnoDB`;
  yield `INSERT INTO single_floats VALUES (1, 0.1, 1.5), (2, 65537, 3.142), (3, NULL, NULL), (4, 3.4e38, -1234.5)`;
  if (product === 'MySQL') return;
  yield `CREATE TABLE generated (id INT NOT NULL PRIMARY KEY, a VARCHAR(30), up VARCHAR(30) AS (UPPER(a)) VIRTUAL, len INT AS (CHAR_LENGTH(a)) STORED, CONSTRAINT short CHECK (CHAR_LENGTH(a) < 29),
    UNIQUE KEY by_up (up)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;
  yield `INSERT INTO generated (id, a) VALUES (1, 'aspirin'), (2, 'ß🧬'), (3, NULL), (4, '')`;
}

function* tablesOfNames(): Generator<string> {
  yield `CREATE TABLE \`order\` (\`select\` INT NOT NULL AUTO_INCREMENT PRIMARY KEY, \`a\`\`b\` INT, \`it's\` TEXT COMMENT 'a ; b \\' -- "c" \`d\`\\nDROP TABLE x;', \`sp ace\` INT DEFAULT 7, \`größe\` INT) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;
  // 0 is a value here, not a call for the next number.
  yield `INSERT INTO \`order\` VALUES (0, 1, 'zero', 2, 3), (5, NULL, 'five; DELIMITER ;;', NULL, NULL)`;
  yield `CREATE TABLE \`${oddTable.replaceAll('`', '``')}\` (id INT PRIMARY KEY, v VARCHAR(20)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='x'`;
  yield `INSERT INTO \`${oddTable.replaceAll('`', '``')}\` VALUES (1, 'odd'), (2, '/* no end')`;
}

function* tablesOfKinds(): Generator<string> {
  yield `CREATE TABLE empty_table (id INT PRIMARY KEY, v TEXT) ENGINE=InnoDB AUTO_INCREMENT=77`;
  yield `CREATE TABLE counted_on (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB AUTO_INCREMENT=4711`;
  yield `CREATE TABLE no_key (a INT, b VARCHAR(10)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;
  yield `INSERT INTO no_key VALUES (1, 'x'), (1, 'x'), (NULL, NULL), (NULL, ''), (2, 'y')`;
  yield `CREATE TABLE by_year (id INT NOT NULL, y INT NOT NULL, v TEXT, PRIMARY KEY (id, y)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
    PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN (2020), PARTITION p2 VALUES LESS THAN MAXVALUE)`;
  yield `INSERT INTO by_year VALUES (1, 1999, 'old'), (2, 2010, 'mid'), (3, 2026, 'new')`;
  yield `CREATE TABLE old_engine (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, place POINT NOT NULL, words TEXT, SPATIAL KEY (place), FULLTEXT KEY (words)) ENGINE=MyISAM DEFAULT CHARSET=utf8`;
  yield `INSERT INTO old_engine VALUES (1, POINT(1, 2), 'some words'), (2, POINT(-3, 4), NULL)`;
  yield `CREATE TABLE audit (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, what VARCHAR(200)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;
}

function* tablesOfMariadb(): Generator<string> {
  yield `CREATE TABLE documents (id INT PRIMARY KEY, doc JSON, uid UUID, ip INET6) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;
  yield `INSERT INTO documents VALUES (1, '{"a": [1, "é🧪", null]}', '123e4567-e89b-12d3-a456-426614174000', '::1'), (2, NULL, NULL, NULL)`;
}
