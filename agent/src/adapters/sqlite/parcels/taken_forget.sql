DELETE FROM taken_in
