-- The words of a list hold the title's, a line break, and the issuer's: people search for part of an issuer's name.
UPDATE documents SET list_words = list_words || '
' || lower(list_issuer);
