SELECT news FROM parcel_news
