-- Changes :backlog bookings all over the years, as webhooks would, and leaves them to the folder.
with chosen as (
  select b.source_id, b.uid, b.root_uid
    from calytics.booking b
   where b.status = 'accepted' and b.price > 0
   order by md5(b.uid)
   limit :backlog
), changed as (
  update calytics.booking b set price = b.price + 500
    from chosen c
   where b.source_id = c.source_id and b.uid = c.uid
  returning b.source_id, b.root_uid
)
select calytics.mark(c.source_id, array_agg(c.root_uid)) from changed c group by c.source_id;
