# Raw data that may be fetched, by `snakemake retrieve_<dataset>`: the only jobs that use the network.
# They have no outputs, so they look again at what is there whenever they are asked for.


localrules:
    retrieve_nsd,
    retrieve_bold5000,
    retrieve_things,
    retrieve_laion,
    retrieve_mouse,
    retrieve_atlas,


rule retrieve_nsd:
    """Raw files of NSD that the settings select, after its agreement; COCO's annotations."""
    log:
        "logs/retrieve_nsd.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10080,
    params:
        command=retrieval("nsd"),
    shell:
        "{params.command} > {log:q} 2>&1"


rule retrieve_bold5000:
    """BOLD5000: responses, presentation lists and pictures."""
    log:
        "logs/retrieve_bold5000.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10080,
    params:
        command=retrieval("bold5000"),
    shell:
        "{params.command} > {log:q} 2>&1"


rule retrieve_things:
    """THINGS-fMRI: responses, voxels and trials."""
    log:
        "logs/retrieve_things.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10080,
    params:
        command=retrieval("things"),
    shell:
        "{params.command} > {log:q} 2>&1"


rule retrieve_laion:
    """LAION-fMRI: what is public of it."""
    log:
        "logs/retrieve_laion.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10080,
    params:
        command=retrieval("laion"),
    shell:
        "{params.command} > {log:q} 2>&1"


rule retrieve_mouse:
    """Mouse V1 scans of Sensorium 2022."""
    log:
        "logs/retrieve_mouse.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10080,
    params:
        command=retrieval("mouse"),
    shell:
        "{params.command} > {log:q} 2>&1"


rule retrieve_atlas:
    """HCP-MMP1 on the surface of fsaverage, after its agreement."""
    log:
        "logs/retrieve_atlas.log",
    conda:
        ENVIRONMENT
    resources:
        mem_mb=1000,
        runtime=10080,
    params:
        command=retrieval("atlas"),
    shell:
        "{params.command} > {log:q} 2>&1"
