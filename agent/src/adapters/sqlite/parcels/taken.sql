SELECT sender, sku, parcel, units FROM taken_in ORDER BY sender, sku, parcel DESC
