INSERT INTO parcel_news (one, news) VALUES (1, ?1)
    ON CONFLICT (one) DO UPDATE SET news = excluded.news
