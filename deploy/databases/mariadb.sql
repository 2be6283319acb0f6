-- What a MariaDB server (10.6 or newer) must hold so that Tandem may make a database on
-- it, and may do nothing else there. Read it, then run it as root with the client
-- `mariadb` (README.md has the commands). May be run again.
--
--   tandem_definer  makes databases and users; nobody logs in as it (its account is
--                   locked), only the two procedures below act as it
--   tandem_vault    Vault's own user: makes users for minutes and drops them again
--
-- MySQL 8 was not tried: it knows no IDENTIFIED BY PASSWORD.

CREATE DATABASE IF NOT EXISTS tandem CHARACTER SET utf8mb4;

CREATE USER IF NOT EXISTS tandem_definer@localhost
  IDENTIFIED VIA mysql_native_password USING 'invalid' ACCOUNT LOCK;
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER,
  CREATE TEMPORARY TABLES, LOCK TABLES, CREATE VIEW, SHOW VIEW, TRIGGER,
  CREATE ROUTINE, ALTER ROUTINE, EXECUTE, EVENT, CREATE USER
  ON *.* TO tandem_definer@localhost WITH GRANT OPTION;

-- What was made, for which operation, written down before it is begun.
CREATE TABLE IF NOT EXISTS tandem.made (
  operation VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin PRIMARY KEY,
  base VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
  account VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
  begun_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE = InnoDB;

DELIMITER //

-- What is there. The second answer is everything that the user may do anywhere, a row
-- each; USAGE alone means nothing.
CREATE OR REPLACE DEFINER = tandem_definer@localhost PROCEDURE tandem.see(
  IN wanted_operation VARCHAR(200) CHARACTER SET utf8mb4,
  IN wanted_database VARCHAR(200) CHARACTER SET utf8mb4,
  IN wanted_user VARCHAR(200) CHARACTER SET utf8mb4
) SQL SECURITY DEFINER
BEGIN
  SELECT
    VERSION(),
    EXISTS (SELECT 1 FROM information_schema.schemata
             WHERE BINARY schema_name = wanted_database),
    EXISTS (SELECT 1 FROM mysql.user WHERE BINARY user = wanted_user),
    EXISTS (SELECT 1 FROM tandem.made
             WHERE operation = wanted_operation
               AND base = wanted_database AND account = wanted_user);
  SELECT CONCAT(privilege_type, IF(is_grantable = 'YES', ' WITH GRANT', ''),
                ' ON ', REPLACE(table_schema, '\\_', '_')) AS what
    FROM information_schema.schema_privileges
   WHERE grantee LIKE CONCAT('\'', REPLACE(wanted_user, '_', '\\_'), '\'@%')
  UNION ALL
  SELECT CONCAT(privilege_type, IF(is_grantable = 'YES', ' WITH GRANT', ''), ' ON *')
    FROM information_schema.user_privileges
   WHERE grantee LIKE CONCAT('\'', REPLACE(wanted_user, '_', '\\_'), '\'@%')
     AND privilege_type <> 'USAGE'
  UNION ALL
  SELECT CONCAT(privilege_type, ' ON ', table_schema, '.', table_name)
    FROM information_schema.table_privileges
   WHERE grantee LIKE CONCAT('\'', REPLACE(wanted_user, '_', '\\_'), '\'@%')
  UNION ALL
  SELECT CONCAT('ROUTINE ', Db, '.', Routine_name)
    FROM mysql.procs_priv WHERE BINARY User = wanted_user
  UNION ALL
  SELECT CONCAT('MEMBER OF ', Role)
    FROM mysql.roles_mapping WHERE BINARY User = wanted_user;
END //

-- Makes one database and one user for one operation. For the same operation it may be
-- called again, for a day: it goes on where it was cut off and sets the new password.
-- The password comes as its hash, so the server never gets to know it. Refusals (as
-- 45000): TN001 a name, host or hash that is not allowed, TN002 something of that name
-- is there, TN003 the operation was for something else, or is too old.
CREATE OR REPLACE DEFINER = tandem_definer@localhost PROCEDURE tandem.make(
  IN wanted_operation VARCHAR(200) CHARACTER SET utf8mb4,
  IN wanted_database VARCHAR(200) CHARACTER SET utf8mb4,
  IN wanted_user VARCHAR(200) CHARACTER SET utf8mb4,
  IN wanted_host VARCHAR(200) CHARACTER SET utf8mb4,
  IN hash VARCHAR(200) CHARACTER SET utf8mb4
) SQL SECURITY DEFINER
BEGIN
  DECLARE known_database, known_user VARCHAR(80) DEFAULT NULL;
  DECLARE known_at TIMESTAMP DEFAULT NULL;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    DO RELEASE_LOCK('tandem.make');
    RESIGNAL;
  END;
  -- \\z and not $: that would take a final newline.
  IF NOT COALESCE(
      wanted_operation RLIKE BINARY '\\A[a-z2-7]{20}\\z'
      AND wanted_database RLIKE BINARY '\\A[a-z][a-z0-9_]{0,31}\\z'
      AND wanted_user RLIKE BINARY '\\A[a-z][a-z0-9_]{0,31}\\z'
      AND wanted_host RLIKE BINARY '\\A[0-9a-z.:%/-]{1,60}\\z'
      AND hash RLIKE BINARY '\\A[*][0-9A-F]{40}\\z'
      AND wanted_database NOT RLIKE '\\Atandem'
      AND wanted_user NOT RLIKE '\\A(tandem|v_|mysql|mariadb)'
      AND wanted_database NOT IN
        ('mysql', 'sys', 'information_schema', 'performance_schema', 'test')
      AND wanted_user NOT IN ('root', 'admin', 'public', 'rdsadmin'), FALSE) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'TN001 not allowed';
  END IF;
  IF GET_LOCK('tandem.make', 10) <> 1 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'TN004 another is at work';
  END IF;
  SELECT base, account, begun_at INTO known_database, known_user, known_at
    FROM tandem.made WHERE operation = wanted_operation;
  IF known_database IS NULL THEN
    IF EXISTS (SELECT 1 FROM information_schema.schemata
                WHERE schema_name = wanted_database)
       OR EXISTS (SELECT 1 FROM mysql.user WHERE user = wanted_user) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'TN002 it is there already';
    END IF;
    -- Rows of what was dropped meanwhile stand in the way of nothing.
    DELETE FROM tandem.made WHERE base = wanted_database OR account = wanted_user;
    INSERT INTO tandem.made (operation, base, account)
      VALUES (wanted_operation, wanted_database, wanted_user);
    COMMIT;
  ELSEIF known_database <> wanted_database OR known_user <> wanted_user
      OR known_at < NOW() - INTERVAL 1 DAY THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'TN003 something else, or long ago';
  END IF;
  EXECUTE IMMEDIATE CONCAT('CREATE DATABASE IF NOT EXISTS `', wanted_database,
    '` CHARACTER SET utf8mb4');
  EXECUTE IMMEDIATE CONCAT('CREATE USER IF NOT EXISTS ', QUOTE(wanted_user), '@',
    QUOTE(wanted_host), ' IDENTIFIED BY PASSWORD ', QUOTE(hash));
  EXECUTE IMMEDIATE CONCAT('ALTER USER ', QUOTE(wanted_user), '@',
    QUOTE(wanted_host), ' IDENTIFIED BY PASSWORD ', QUOTE(hash));
  -- An underscore in the name of a database that is granted on stands for any letter.
  EXECUTE IMMEDIATE CONCAT('GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ',
    'REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, CREATE VIEW, ',
    'SHOW VIEW, TRIGGER, CREATE ROUTINE, ALTER ROUTINE, EXECUTE, EVENT ON `',
    REPLACE(wanted_database, '_', '\\_'), '`.* TO ', QUOTE(wanted_user), '@',
    QUOTE(wanted_host));
  DO RELEASE_LOCK('tandem.make');
END //

DELIMITER ;

-- Vault's user: everything it hands out is one of the two procedures. Give it its
-- password beforehand (README.md). Where Vault is elsewhere, say so instead of '%'.
CREATE USER IF NOT EXISTS tandem_vault@'%'
  IDENTIFIED VIA mysql_native_password USING 'invalid';
GRANT CREATE USER, CONNECTION ADMIN ON *.* TO tandem_vault@'%';
GRANT EXECUTE ON PROCEDURE tandem.see TO tandem_vault@'%' WITH GRANT OPTION;
GRANT EXECUTE ON PROCEDURE tandem.make TO tandem_vault@'%' WITH GRANT OPTION;
