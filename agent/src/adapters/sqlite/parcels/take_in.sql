INSERT INTO taken_in (sender, sku, parcel, units) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (sender, sku, parcel) DO UPDATE SET units = units + excluded.units
