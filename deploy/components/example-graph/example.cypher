// The shape of a fragment network: a node F2 is a molecule or a part of one (smiles, hac and chac: its heavy atoms, and those of them that are
// carbon); one that can be bought has the label EM and a number as well. F2EDGE leads from a molecule to what is left when one part is
// taken off; its label says which: a ring, a linker or a functional group, [Xe] where it was bound.
// Every statement may be run again and changes nothing then. Each ends with a semicolon at the end of a line.
CREATE CONSTRAINT ON (molecule:F2) ASSERT molecule.smiles IS UNIQUE;

UNWIND [
  ['Oc1ccc(-c2ccccc2)cc1', 13, 12], ['Nc1ccc(-c2ccccc2)cc1', 13, 12], ['Cc1ccc(-c2ccccc2)cc1', 13, 13],
  ['c1ccc(-c2ccccc2)cc1', 12, 12], ['NC(=O)c1ccccc1', 9, 7], ['NC(=O)c1ccc(O)cc1', 10, 7],
  ['Oc1ccccc1', 7, 6], ['Nc1ccccc1', 7, 6], ['Cc1ccccc1', 7, 7], ['Nc1ccc(O)cc1', 8, 6], ['c1ccccc1', 6, 6]
] AS row
MERGE (molecule:F2 {smiles: row[0]})
SET molecule.hac = row[1], molecule.chac = row[2];

UNWIND [
  ['Oc1ccc(-c2ccccc2)cc1', 'EXAMPLE:1'], ['Nc1ccc(-c2ccccc2)cc1', 'EXAMPLE:2'], ['NC(=O)c1ccc(O)cc1', 'EXAMPLE:3'],
  ['Oc1ccccc1', 'EXAMPLE:4'], ['Nc1ccccc1', 'EXAMPLE:5'], ['Nc1ccc(O)cc1', 'EXAMPLE:6']
] AS row
MATCH (molecule:F2 {smiles: row[0]})
SET molecule:EM, molecule.EM = row[1];

UNWIND [
  ['Oc1ccc(-c2ccccc2)cc1', 'c1ccc(-c2ccccc2)cc1', 'FG|O[Xe]'],
  ['Oc1ccc(-c2ccccc2)cc1', 'Oc1ccccc1', 'RING|[Xe]c1ccccc1'],
  ['Nc1ccc(-c2ccccc2)cc1', 'c1ccc(-c2ccccc2)cc1', 'FG|N[Xe]'],
  ['Nc1ccc(-c2ccccc2)cc1', 'Nc1ccccc1', 'RING|[Xe]c1ccccc1'],
  ['Cc1ccc(-c2ccccc2)cc1', 'c1ccc(-c2ccccc2)cc1', 'FG|C[Xe]'],
  ['Cc1ccc(-c2ccccc2)cc1', 'Cc1ccccc1', 'RING|[Xe]c1ccccc1'],
  ['c1ccc(-c2ccccc2)cc1', 'c1ccccc1', 'RING|[Xe]c1ccccc1'],
  ['NC(=O)c1ccc(O)cc1', 'NC(=O)c1ccccc1', 'FG|O[Xe]'],
  ['NC(=O)c1ccc(O)cc1', 'Oc1ccccc1', 'FG|NC(=O)[Xe]'],
  ['NC(=O)c1ccccc1', 'c1ccccc1', 'FG|NC(=O)[Xe]'],
  ['Oc1ccccc1', 'c1ccccc1', 'FG|O[Xe]'],
  ['Nc1ccccc1', 'c1ccccc1', 'FG|N[Xe]'],
  ['Cc1ccccc1', 'c1ccccc1', 'FG|C[Xe]'],
  ['Nc1ccc(O)cc1', 'Oc1ccccc1', 'FG|N[Xe]'],
  ['Nc1ccc(O)cc1', 'Nc1ccccc1', 'FG|O[Xe]']
] AS row
MATCH (whole:F2 {smiles: row[0]}), (rest:F2 {smiles: row[1]})
MERGE (whole)-[edge:F2EDGE {label: row[2]}]->(rest);
