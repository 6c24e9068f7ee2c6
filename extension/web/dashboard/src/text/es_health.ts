// Lo que la base de datos dice en inglés de cómo está la instalación, en español: qué está apagado, por qué un webhook no se entendió o
// solo se guardó, y los detalles de las alertas.

import type { Told } from "./index";

export const health: Told = {
  "off.counting.what": "recuento de entregas, eventos y llamadas rechazadas: necesita memoria compartida, y calytics no está en shared_preload_libraries",
  "off.counting.how": "Añade calytics a shared_preload_libraries en postgresql.conf y reinicia PostgreSQL.",
  "off.limits.what": "límites de llamadas, y cuándo se usó cada token por última vez: necesita memoria compartida, y calytics no está en shared_preload_libraries",
  "off.limits.how": "Añade calytics a shared_preload_libraries en postgresql.conf y reinicia PostgreSQL.",
  "off.folding.what": "plegado de fondo: las métricas siguen siendo correctas, pero leerlas se hace más lento; necesita un proceso de fondo, y calytics no está en shared_preload_libraries",
  "off.folding.how": "Añade calytics a shared_preload_libraries y reinicia PostgreSQL, o llama a cal.fold() cada minuto.",
  "off.fold_worker.what": "plegado de fondo: las métricas siguen siendo correctas, pero leerlas se hace más lento; calytics.fold_worker está apagado",
  "off.fold_worker.how": "alter system set calytics.fold_worker = on; select pg_reload_conf(), o llama a cal.fold() cada minuto.",
  "off.history.what": "historia del estado, y alertas: necesitan el proceso de fondo que pliega",
  "off.history.how": "Enciéndelo como arriba, o llama a cal.sample_health() cada minuto.",
  "off.health_interval.what": "historia del estado, y alertas: calytics.health_interval es 0",
  "off.health_interval.how": "alter system reset calytics.health_interval; select pg_reload_conf()",

  "reason.empty": "el cuerpo está vacío: mira qué hay entre Cal.com y este servidor",
  "reason.template": "el cuerpo es una plantilla propia, no el JSON de Cal.com: quita la plantilla de este webhook en Cal.com",
  "reason.trigger_name": "triggerEvent no es un nombre en mayúsculas: quita la plantilla de este webhook en Cal.com",
  "reason.payload": "{trigger} con un payload que no es un objeto: quita la plantilla de este webhook en Cal.com",
  "reason.long_uid": "{trigger} con un uid de más de 255 bytes",
  "reason.no_uid": "{trigger} sin uid: quita la plantilla de este webhook en Cal.com",
  "reason.cut_off": "JSON incorrecto: un texto no se cierra; parece que el cuerpo está cortado",
  "reason.control": "JSON incorrecto: un texto contiene un carácter de control sin escapar",
  "reason.json": "JSON incorrecto",
  "reason.json_at": "JSON incorrecto en el byte {byte}",
  "reason.too_long": "el cuerpo es demasiado largo para leerlo",
  "reason.memory": "faltó memoria",
  "reason.not_applied": "no se pudo aplicar (SQLSTATE {sqlstate}): se guarda; léelo otra vez cuando la causa haya desaparecido",
  "reason.works": "la conexión funciona",
  "reason.no_state": "se guarda; no dice nada del estado de una reserva",
  "reason.unknown_trigger": "se guarda; este disparador aún no se conoce",

  "alert.fold_lag.detail": "cambios pendientes: {pending}",
  "alert.disk_full.detail": "quedan {free} libres de {total}",
  "alert.no_webhooks.detail": "ninguno desde hace {hours} horas; en las cuatro semanas anteriores lo habitual era hasta {usual_hours} horas",
};
