BEGIN TRANSACTION;
CREATE TABLE stillmotion_about (
	name VARCHAR NOT NULL, 
	value TEXT, 
	PRIMARY KEY (name)
);
INSERT INTO "stillmotion_about" VALUES('version','2');
INSERT INTO "stillmotion_about" VALUES('id','abababababababababababababababab');
CREATE TABLE stillmotion_jobs (
	id VARCHAR(32) NOT NULL, 
	owner VARCHAR NOT NULL, 
	request TEXT NOT NULL, 
	model VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	turn INTEGER NOT NULL, 
	created FLOAT NOT NULL, 
	started FLOAT, 
	ended FLOAT, 
	stage VARCHAR NOT NULL, 
	step INTEGER NOT NULL, 
	total INTEGER NOT NULL, 
	previews INTEGER NOT NULL, 
	remaining_s FLOAT, 
	seconds FLOAT NOT NULL, 
	sentence TEXT NOT NULL, 
	note TEXT NOT NULL, 
	facts JSON NOT NULL, 
	bytes BIGINT NOT NULL, 
	worker VARCHAR NOT NULL, 
	lease VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	cancel BOOLEAN NOT NULL, 
	decode_chunk INTEGER NOT NULL, 
	has_sampling BOOLEAN NOT NULL, 
	favourite BOOLEAN NOT NULL, 
	deleted FLOAT, 
	purged BOOLEAN NOT NULL, words TEXT NOT NULL DEFAULT '', marks TEXT NOT NULL DEFAULT '', 
	PRIMARY KEY (id)
);
INSERT INTO "stillmotion_jobs" VALUES('00000000000000000000000000000001','ada','{"model":"pocket","motion_bucket_id":127,"fps":7,"noise_aug_strength":0.02,"num_frames":25,"num_inference_steps":25,"min_guidance_scale":1.5,"max_guidance_scale":3.0,"speed":"exact","solver":"euler","sigma_max":700.0,"guidance_shape":"linear","guidance_sigma_low":0.0,"guidance_sigma_high":700.0,"decode_chunk_size":0,"seed":42,"width":1024,"height":576,"fit":"crop","anchor_x":-1.0,"anchor_y":-1.0,"backdrop":"blur","playback_fps":0.0,"interpolation":1,"upscaling":1}','pocket','done',1,1750000000.0,1750000000.0,1750000005.0,'',0,0,0,NULL,5.0,'','','{}',100,'','',0,0,0,0,0,NULL,0,' pocket 42 1024x576 2025-06-15 15 june sunday','.jvE/.U4nL.MCfj.v0E3.Kh6j./Ajq.aSs8.pE4r.uwIP.NSSa.axuH.vHU9.S+c2.tC4S.vvYn.fm2Z.qTk/.CHJC.b7Kx.9jXH.Udk/.9+ur.kOfV.4nhv.ieH4.WhiB');
CREATE TABLE stillmotion_paces (
	model VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	pace FLOAT NOT NULL, learned FLOAT NOT NULL DEFAULT 0, 
	PRIMARY KEY (model, machine)
);
INSERT INTO "stillmotion_paces" VALUES('pocket','attic',2.0,1750000000.0);
CREATE TABLE stillmotion_shares (
	id VARCHAR NOT NULL, 
	job VARCHAR(32) NOT NULL, 
	owner VARCHAR NOT NULL, 
	title TEXT NOT NULL, 
	shows_settings BOOLEAN NOT NULL, 
	created FLOAT NOT NULL, 
	expires FLOAT, 
	revoked BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE stillmotion_tallies (
	model VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	count INTEGER NOT NULL, 
	waited FLOAT NOT NULL, 
	ran FLOAT NOT NULL, 
	PRIMARY KEY (model, state)
);
CREATE TABLE stillmotion_workers (
	id VARCHAR NOT NULL, 
	beat INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	job VARCHAR NOT NULL, 
	memory BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX stillmotion_jobs_turn ON stillmotion_jobs (state, turn, created);
CREATE INDEX stillmotion_shares_job ON stillmotion_shares (job, owner);
CREATE INDEX stillmotion_jobs_ended ON stillmotion_jobs (purged, state, ended, bytes, favourite);
CREATE INDEX stillmotion_jobs_last_turn ON stillmotion_jobs (owner, turn);
CREATE INDEX stillmotion_jobs_library ON stillmotion_jobs (owner, created, favourite, words, marks, id, state, deleted) WHERE state = 'done' AND deleted IS NULL;
CREATE INDEX stillmotion_jobs_begun ON stillmotion_jobs (turn) WHERE started IS NOT NULL;
CREATE INDEX stillmotion_jobs_deleted ON stillmotion_jobs (deleted, purged) WHERE deleted IS NOT NULL;
COMMIT;
